import CZlib

/// Compresses a stream as it is made: a response, a file, a live tail. Whole bodies go faster by
/// `GzipBodyCompressor`. After `finish` the writer is ready for the next stream and keeps its 256 KiB of state.
@safe
package struct GzipWriter: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Levels 1 (fast) to 9 (small).
    package init(level: Int = 6) throws(CompressionError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe deflateInit2_(
            stream, Int32(level), Z_DEFLATED, DeflateContainer.gzip.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            unsafe stream.deallocate()
            throw CompressionError(.gzip, .outOfMemory)
        }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Takes `bytes`; what is ready is appended to `output`.
    package mutating func write(_ bytes: Span<UInt8>, appendingTo output: inout [UInt8]) {
        var rest = bytes
        while rest.count > Self.pieceBytesMax {
            drain(rest.extracting(first: Self.pieceBytesMax), Z_NO_FLUSH, &output)
            rest = rest.extracting(droppingFirst: Self.pieceBytesMax)
        }
        drain(rest, Z_NO_FLUSH, &output)
    }

    /// Appends everything taken so far, so that the reader sees it; costs a few bytes each time.
    package mutating func flush(appendingTo output: inout [UInt8]) { drain(Span(), Z_SYNC_FLUSH, &output) }

    /// Ends the stream and begins the next one.
    package mutating func finish(appendingTo output: inout [UInt8]) {
        drain(Span(), Z_FINISH, &output)
        unsafe deflateReset(stream)
    }

    /// The library counts what it is given in 32 bits.
    private static let pieceBytesMax = 1 << 30
    private static let roomBytes = 16 << 10

    private func drain(_ bytes: Span<UInt8>, _ flush: Int32, _ output: inout [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { source in
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(source.count)
            repeat {
                output.append(addingCapacity: Self.roomBytes) { room in
                    unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                        unsafe stream.pointee.next_out = buffer.baseAddress
                        unsafe stream.pointee.avail_out = UInt32(Self.roomBytes)
                        unsafe deflate(stream, flush)
                        written = unsafe Self.roomBytes - Int(stream.pointee.avail_out)
                    }
                }
                // Room left over means that everything was taken and given.
            } while unsafe stream.pointee.avail_out == 0
            unsafe stream.pointee.next_in = nil
        }
    }
}

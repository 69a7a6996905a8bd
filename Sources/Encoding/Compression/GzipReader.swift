import CZlib

/// Decompresses a stream as it arrives. Whole bodies go faster by `GzipBodyDecompressor`. After `finish`, also after
/// an error, the reader is ready for the next stream and keeps its 48 KiB of state.
@safe
package struct GzipReader: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let container: DeflateContainer
    private let limit: ExpansionLimit
    private var bytesIn = 0
    private var bytesOut = 0
    private var isAtEnd = false

    package init(_ container: DeflateContainer = .gzip, limit: ExpansionLimit) throws(CompressionError) {
        self.container = container
        self.limit = limit
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe inflateInit2_(
            stream, container.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            unsafe stream.deallocate()
            throw CompressionError(container.format, .outOfMemory)
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Takes the next bytes of the stream and appends what comes out of them.
    package mutating func read(
        _ bytes: Span<UInt8>, appendingTo output: inout [UInt8]
    ) throws(CompressionError) {
        var rest = bytes
        while rest.count > 0 {
            let piece = rest.extracting(first: min(rest.count, Self.pieceBytesMax))
            let taken = try readPiece(piece, &output)
            rest = rest.extracting(droppingFirst: taken)
        }
    }

    /// Throws if the stream is not at its end, and begins the next one.
    package mutating func finish() throws(CompressionError) {
        let wasAtEnd = isAtEnd
        unsafe inflateReset(stream)
        bytesIn = 0
        bytesOut = 0
        isAtEnd = false
        guard wasAtEnd else { throw CompressionError(container.format, .truncated) }
    }

    /// The library counts what it is given in 32 bits; small enough that the ratio is judged on the way.
    private static let pieceBytesMax = 64 << 10
    private static let roomBytesMax = 256 << 10

    /// Returns how much of the piece was taken: all of it, or up to the end of a member.
    private mutating func readPiece(
        _ piece: Span<UInt8>, _ output: inout [UInt8]
    ) throws(CompressionError) -> Int {
        if isAtEnd {
            guard container == .gzip else { throw CompressionError(container.format, .corrupt) }
            unsafe inflateReset(stream)
            isAtEnd = false
        }
        var taken = 0
        while true {
            // One byte more than allowed shows whether there is more.
            let allowed = limit.outputMax(ofInput: bytesIn + piece.count) - bytesOut
            let room = min(max(allowed, 0) + 1, Self.roomBytesMax)
            let (status, used, made) = step(piece.extracting(droppingFirst: taken), room, &output)
            taken += used
            bytesOut += made
            if made > allowed { throw limit.exceeded(byInput: bytesIn + piece.count, container.format) }
            switch status {
            case Z_STREAM_END: isAtEnd = true
            case Z_OK where made == room: continue
            case Z_OK, Z_BUF_ERROR: break
            case Z_MEM_ERROR: throw CompressionError(container.format, .outOfMemory)
            default: throw CompressionError(container.format, .corrupt)
            }
            bytesIn += taken
            return taken
        }
    }

    /// One call of the library, with how many bytes it took and made.
    private func step(
        _ input: Span<UInt8>, _ roomBytes: Int, _ output: inout [UInt8]
    ) -> (status: Int32, used: Int, made: Int) {
        unsafe input.withUnsafeBufferPointer { source in
            var status: Int32 = Z_OK
            var made = 0
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(source.count)
            output.append(addingCapacity: roomBytes) { room in
                unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                    unsafe stream.pointee.next_out = buffer.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(roomBytes)
                    status = unsafe inflate(stream, Z_NO_FLUSH)
                    made = unsafe roomBytes - Int(stream.pointee.avail_out)
                    written = made
                }
            }
            let used = unsafe source.count - Int(stream.pointee.avail_in)
            unsafe stream.pointee.next_in = nil
            return (status, used, made)
        }
    }
}

import CDeflate

/// Compresses whole bodies with one reused state.
@safe
package struct GzipBodyCompressor: ~Copyable {
    private let state: OpaquePointer

    /// Levels 1 (fast) to 12 (small).
    package init(level: Int = 6) throws(CompressionError) {
        guard let state = unsafe libdeflate_alloc_compressor(Int32(level)) else {
            throw CompressionError(.gzip, .outOfMemory)
        }
        unsafe self.state = state
    }

    deinit { unsafe libdeflate_free_compressor(state) }

    /// Appends one gzip member.
    package mutating func compress(_ bytes: Span<UInt8>, appendingTo output: inout [UInt8]) {
        let bound = unsafe libdeflate_gzip_compress_bound(state, bytes.count)
        output.append(addingCapacity: bound) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                written = unsafe bytes.withUnsafeBytes { source in
                    unsafe libdeflate_gzip_compress(
                        state, source.baseAddress, source.count, buffer.baseAddress, bound)
                }
            }
        }
    }
}

/// Decompresses whole bodies with one reused state.
@safe
package struct GzipBodyDecompressor: ~Copyable {
    private let state: OpaquePointer

    package init() throws(CompressionError) {
        guard let state = unsafe libdeflate_alloc_decompressor() else { throw CompressionError(.gzip, .outOfMemory) }
        unsafe self.state = state
    }

    deinit { unsafe libdeflate_free_decompressor(state) }

    /// Appends what the body holds. After an error `output` is as before.
    package mutating func decompress(
        _ body: Span<UInt8>, _ container: DeflateContainer = .gzip, limit: ExpansionLimit,
        appendingTo output: inout [UInt8]
    ) throws(CompressionError) {
        let before = output.count
        let exceeded = limit.exceeded(byInput: body.count, container.format)
        do throws(CompressionError) {
            var taken = 0
            repeat {
                let rest = body.extracting(droppingFirst: taken)
                let allowed = limit.outputMax(ofInput: body.count) - (output.count - before)
                taken += try decompressMember(rest, container, allowed, exceeded, &output)
                // Only gzip has members in a row.
            } while container == .gzip && taken < body.count
            guard taken == body.count else { throw CompressionError(container.format, .corrupt) }
        } catch {
            output.removeLast(output.count - before)
            throw error
        }
    }

    /// Returns how many bytes the member took. The room is what its trailer or a usual ratio promises, and doubles
    /// where that was not enough.
    private func decompressMember(
        _ body: Span<UInt8>, _ container: DeflateContainer, _ allowed: Int, _ exceeded: CompressionError,
        _ output: inout [UInt8]
    ) throws(CompressionError) -> Int {
        var room = min(allowed, Self.firstRoom(for: body, container))
        while true {
            var result = LIBDEFLATE_SUCCESS
            var taken = 0
            output.append(addingCapacity: room) { target in
                unsafe target.withUnsafeMutableBufferPointer { buffer, written in
                    var made = 0
                    result = unsafe body.withUnsafeBytes { source in
                        unsafe container.decompress(state, source, buffer.baseAddress, room, &taken, &made)
                    }
                    written = result == LIBDEFLATE_SUCCESS ? made : 0
                }
            }
            switch result {
            case LIBDEFLATE_SUCCESS: return taken
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                guard room < allowed else { throw exceeded }
                room = min(allowed, room * 2)
            default: throw CompressionError(container.format, .corrupt)
            }
        }
    }

    private static func firstRoom(for body: Span<UInt8>, _ container: DeflateContainer) -> Int {
        let usual = body.count * 4 + 512
        guard container == .gzip, body.count >= 18 else { return usual }
        // The last four bytes are the length of the last member; it may lie, but not beyond what deflate can reach.
        var length = 0
        for place in 1...4 { length = length << 8 | Int(body[body.count - place]) }
        return length > 0 && length <= body.count * 1032 ? length : usual
    }
}

extension DeflateContainer {
    fileprivate func decompress(
        _ state: OpaquePointer, _ source: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>?, _ room: Int,
        _ taken: inout Int, _ made: inout Int
    ) -> libdeflate_result {
        switch self {
        case .gzip:
            unsafe libdeflate_gzip_decompress_ex(
                state, source.baseAddress, source.count, target, room, &taken, &made)
        case .zlib:
            unsafe libdeflate_zlib_decompress_ex(
                state, source.baseAddress, source.count, target, room, &taken, &made)
        case .bare:
            unsafe libdeflate_deflate_decompress_ex(
                state, source.baseAddress, source.count, target, room, &taken, &made)
        }
    }
}

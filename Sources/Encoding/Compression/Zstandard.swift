import CZstd

/// Makes zstd blocks with one reused context.
@safe
package struct ZstandardCompressor: ~Copyable {
    private let context: OpaquePointer
    private let level: Int32

    /// Levels 1 to 19; 3 is the usual one.
    package init(level: Int = 3) throws(CompressionError) {
        guard let context = unsafe ZSTD_createCCtx() else { throw CompressionError(.zstd, .outOfMemory) }
        unsafe self.context = context
        self.level = Int32(level)
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    /// Appends one block to `output`.
    package mutating func compress(
        _ bytes: Span<UInt8>, appendingTo output: inout [UInt8]
    ) throws(CompressionError) {
        let bound = ZSTD_compressBound(bytes.count)
        let before = output.count
        output.append(addingCapacity: bound) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                let result = unsafe bytes.withUnsafeBytes { source in
                    unsafe ZSTD_compressCCtx(
                        context, buffer.baseAddress, bound, source.baseAddress, source.count, level)
                }
                written = ZSTD_isError(result) == 0 ? result : 0
            }
        }
        // The bound leaves no other reason: the tables of a level are allocated at its first use.
        guard output.count > before else { throw CompressionError(.zstd, .outOfMemory) }
    }
}

/// Reads zstd blocks with one reused context.
@safe
package struct ZstandardDecompressor: ~Copyable {
    private let context: OpaquePointer

    package init() throws(CompressionError) {
        guard let context = unsafe ZSTD_createDCtx() else { throw CompressionError(.zstd, .outOfMemory) }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// Appends the `count` bytes of the block; it is corrupt if it holds more or fewer. After an error `output` is
    /// as before.
    package mutating func decompress(
        _ block: Span<UInt8>, count: Int, appendingTo output: inout [UInt8]
    ) throws(CompressionError) {
        guard count >= 0 else { throw CompressionError(.zstd, .corrupt) }
        var result = 0
        output.append(addingCapacity: count) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                result = unsafe block.withUnsafeBytes { source in
                    unsafe ZSTD_decompressDCtx(context, buffer.baseAddress, count, source.baseAddress, source.count)
                }
                written = result == count ? count : 0
            }
        }
        guard ZSTD_isError(result) == 0, result == count else { throw CompressionError(.zstd, .corrupt) }
    }
}

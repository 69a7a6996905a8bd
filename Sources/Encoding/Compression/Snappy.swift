import CSnappy

/// Snappy blocks, the compression of remote_write and of Loki's push.
package enum Snappy {
    /// Appends what the block holds and returns how many bytes that is. The length that the block declares is judged
    /// before anything is allocated: by the limit, and by what so few bytes can become at all.
    ///
    /// - Parameter spareBytes: room behind it, for who goes on writing there.
    @discardableResult
    package static func decompress(
        _ block: Span<UInt8>, bytesMax: Int, spareBytes: Int = 0, appendingTo output: inout [UInt8]
    ) throws(CompressionError) -> Int {
        let count = try declaredCount(of: block)
        guard count <= bytesMax else { throw CompressionError(.snappy, .tooLarge(bytesMax: bytesMax)) }
        let before = output.count
        output.reserveCapacity(before + count + spareBytes)
        output.append(addingCapacity: count) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                unsafe block.withUnsafeBytes { source in
                    var length = count
                    let status = unsafe snappy_uncompress(
                        source.baseAddress, source.count, buffer.baseAddress, &length)
                    written = status == SNAPPY_OK && length == count ? count : 0
                }
            }
        }
        // A block of nothing is one byte, the length zero.
        guard output.count - before == count, count > 0 || block.count == 1 else {
            throw CompressionError(.snappy, .corrupt)
        }
        return count
    }

    /// Appends one block. The C interface allocates a table of at most 32 KiB for each call.
    package static func compress(_ bytes: Span<UInt8>, appendingTo output: inout [UInt8]) throws(CompressionError) {
        guard bytes.count <= inputBytesMax else {
            throw CompressionError(.snappy, .inputTooLarge(bytesMax: inputBytesMax))
        }
        let bound = snappy_max_compressed_length(bytes.count)
        output.append(addingCapacity: bound) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                unsafe bytes.withUnsafeBytes { source in
                    var length = bound
                    let status = unsafe snappy_compress(source.baseAddress, source.count, buffer.baseAddress, &length)
                    precondition(status == SNAPPY_OK, "BUG: snappy refused a block within its bounds")
                    written = length
                }
            }
        }
    }

    /// The length in a block has 32 bits.
    package static let inputBytesMax = Int(UInt32.max)

    private static func declaredCount(of block: Span<UInt8>) throws(CompressionError) -> Int {
        var count = 0
        let status = unsafe block.withUnsafeBytes { source in
            unsafe snappy_uncompressed_length(source.baseAddress, source.count, &count)
        }
        // The densest element copies 64 bytes and takes three.
        guard status == SNAPPY_OK, count / 22 <= block.count else { throw CompressionError(.snappy, .corrupt) }
        return count
    }
}

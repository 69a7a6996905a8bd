import CLZ4

/// LZ4 blocks. A block does not say how long it is, packed or not: its owner keeps both lengths.
package enum LZ4 {
    /// The most bytes that one block can hold.
    package static let inputBytesMax = Int(LZ4_MAX_INPUT_SIZE)

    /// The most bytes that `count` bytes can become.
    package static func compressedBytesMax(of count: Int) -> Int { count + count / 255 + 16 }

    /// Appends the `count` bytes of the block; it is corrupt if it holds more or fewer. After an error `output` is
    /// as before.
    package static func decompress(
        _ block: Span<UInt8>, count: Int, appendingTo output: inout [UInt8]
    ) throws(CompressionError) {
        guard count >= 0, count <= inputBytesMax else {
            throw CompressionError(.lz4, .tooLarge(bytesMax: inputBytesMax))
        }
        guard block.count <= compressedBytesMax(of: inputBytesMax) else { throw CompressionError(.lz4, .corrupt) }
        var written: Int32 = -1
        let before = output.count
        output.append(addingCapacity: count) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initialized in
                unsafe block.withUnsafeBytes { source in
                    written = unsafe LZ4_decompress_safe(
                        source.baseAddress, buffer.baseAddress, Int32(source.count), Int32(count))
                }
                initialized = written == count ? count : 0
            }
        }
        guard output.count == before + count, written == count else { throw CompressionError(.lz4, .corrupt) }
    }
}

/// Makes LZ4 blocks with one reused state: nothing is allocated per block once `output` is large enough.
@safe
package struct LZ4Compressor: ~Copyable {
    package enum Effort: Equatable, Sendable {
        /// About 0.8 GB/s.
        case fast
        /// A search of hash chains: smaller, six times slower at level 4 and 25 times at level 9, as fast to decompress.
        case high(level: Int)
    }

    private let effort: Effort
    private let state: UnsafeMutableRawPointer

    package init(_ effort: Effort = .fast) {
        self.effort = effort
        let size = effort == .fast ? LZ4_sizeofState() : LZ4_sizeofStateHC()
        unsafe state = UnsafeMutableRawPointer.allocate(byteCount: Int(size), alignment: 16)
        unsafe state.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size))
    }

    deinit { unsafe state.deallocate() }

    /// Appends one block to `output` and returns its length.
    @discardableResult
    package mutating func compress(
        _ bytes: Span<UInt8>, appendingTo output: inout [UInt8]
    ) throws(CompressionError) -> Int {
        guard bytes.count <= LZ4.inputBytesMax else {
            throw CompressionError(.lz4, .inputTooLarge(bytesMax: LZ4.inputBytesMax))
        }
        let before = output.count
        let bound = LZ4.compressedBytesMax(of: bytes.count)
        output.append(addingCapacity: bound) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initialized in
                initialized = unsafe bytes.withUnsafeBytes { unsafe pack($0, buffer.baseAddress, bound) }
            }
        }
        precondition(output.count > before, "BUG: LZ4 refused a block within its bounds")
        return output.count - before
    }

    private func pack(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>?, _ bound: Int) -> Int {
        // An empty span has no address, which LZ4 takes for its empty block only where the length is given as zero.
        let count = Int32(source.count)
        return switch effort {
        case .fast:
            unsafe Int(LZ4_compress_fast_extState(state, source.baseAddress, target, count, Int32(bound), 1))
        case .high(let level):
            unsafe Int(
                LZ4_compress_HC_extStateHC(state, source.baseAddress, target, count, Int32(bound), Int32(level)))
        }
    }
}

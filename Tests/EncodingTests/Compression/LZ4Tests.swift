import Encoding
import TestSupport
import Testing

@Suite struct LZ4Tests {
    static let efforts: [LZ4Compressor.Effort] = [.fast, .high(level: 4), .high(level: 9)]

    @Test(arguments: efforts)
    func blocksAreReadBackByOneReusedCompressor(effort: LZ4Compressor.Effort) throws {
        var compressor = LZ4Compressor(effort)
        for seed: UInt64 in 0..<60 {
            var random = SeededGenerator(seed: seed)
            let count = seed == 0 ? 0 : Int.random(in: 1...100_000, using: &random)
            let bytes = sampleText(count, &random)
            var packed: [UInt8] = [1, 2, 3]
            let length = try compressor.compress(bytes.span, appendingTo: &packed)
            #expect(packed.count == length + 3)
            #expect(packed.starts(with: [1, 2, 3]))
            #expect(length <= LZ4.compressedBytesMax(of: count))
            var unpacked: [UInt8] = [9]
            try LZ4.decompress(packed.span.extracting(droppingFirst: 3), count: count, appendingTo: &unpacked)
            #expect(unpacked == [9] + bytes, "seed \(seed)")
        }
    }

    /// By hand from the block format: token (4 literals, match of 4 + 15 + 5), literals, offset 4, extra match length,
    /// then a last sequence of five literals.
    @Test func readsABlockWrittenByHand() throws {
        let block: [UInt8] = [0x4f, 0x61, 0x62, 0x63, 0x64, 0x04, 0x00, 0x05, 0x50, 0x76, 0x77, 0x78, 0x79, 0x7a]
        var output: [UInt8] = []
        try LZ4.decompress(block.span, count: 33, appendingTo: &output)
        #expect(output == Array((String(repeating: "abcd", count: 7) + "vwxyz").utf8))
    }

    @Test func refusesEveryOtherCountAndEveryTruncation() throws {
        var random = SeededGenerator(seed: 4)
        let bytes = sampleText(300, &random)
        var compressor = LZ4Compressor()
        var packed: [UInt8] = []
        try compressor.compress(bytes.span, appendingTo: &packed)
        var output: [UInt8] = [1]
        for count in [0, 1, 299, 301, 100_000] {
            #expect(throws: CompressionError.self) {
                try LZ4.decompress(packed.span, count: count, appendingTo: &output)
            }
        }
        for length in 0..<packed.count {
            #expect(throws: CompressionError.self) {
                try LZ4.decompress(packed.span.extracting(first: length), count: 300, appendingTo: &output)
            }
        }
        for count in [-1, LZ4.inputBytesMax + 1, Int.max] {
            #expect(throws: CompressionError.self) {
                try LZ4.decompress(packed.span, count: count, appendingTo: &output)
            }
        }
        #expect(output == [1])
    }
}

import Encoding
import TestSupport
import Testing

@Suite struct ZstandardTests {
    @Test(arguments: [1, 3, 12])
    func blocksAreReadBackByReusedContexts(level: Int) throws {
        var compressor = try ZstandardCompressor(level: level)
        var decompressor = try ZstandardDecompressor()
        for seed: UInt64 in 0..<30 {
            var random = SeededGenerator(seed: seed)
            let bytes = sampleText(seed == 0 ? 0 : Int.random(in: 1...100_000, using: &random), &random)
            var block: [UInt8] = []
            try compressor.compress(bytes.span, appendingTo: &block)
            var output: [UInt8] = [1]
            try decompressor.decompress(block.span, count: bytes.count, appendingTo: &output)
            #expect(output == [1] + bytes, "seed \(seed)")
        }
    }

    /// By hand from RFC 8878: magic, a single-segment frame of 10 bytes without checksum, one last block that repeats
    /// one byte ten times.
    @Test func readsAFrameWrittenByHand() throws {
        let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 10, 0x53, 0x00, 0x00, 0x61]
        var decompressor = try ZstandardDecompressor()
        var output: [UInt8] = []
        try decompressor.decompress(frame.span, count: 10, appendingTo: &output)
        #expect(output == [UInt8](repeating: 0x61, count: 10))
    }

    @Test func refusesOtherCountsAndEveryTruncation() throws {
        var random = SeededGenerator(seed: 4)
        let bytes = sampleText(300, &random)
        var compressor = try ZstandardCompressor()
        var block: [UInt8] = []
        try compressor.compress(bytes.span, appendingTo: &block)
        for count in [-1, 0, 299, 301, 5000] {
            #expect(throws: CompressionError.self) {
                var decompressor = try ZstandardDecompressor()
                var output: [UInt8] = []
                try decompressor.decompress(block.span, count: count, appendingTo: &output)
            }
        }
        // Nothing at all is a stream of no frames.
        for length in 1..<block.count {
            #expect(throws: CompressionError.self) {
                var decompressor = try ZstandardDecompressor()
                var output: [UInt8] = []
                try decompressor.decompress(block.span.extracting(first: length), count: 300, appendingTo: &output)
            }
        }
    }
}

import Encoding
import TestSupport
import Testing

@Suite struct SnappyTests {
    /// By hand from the format description: length 15, literal of 4, copy of 8 from offset 4, literal of 3.
    static let written: [UInt8] =
        [15, 0x0c, 0x61, 0x62, 0x63, 0x64, 0x11, 0x04, 0x08, 0x78, 0x79, 0x7a]

    @Test func readsABlockWrittenByHand() throws {
        var output: [UInt8] = [1]
        let count = try Snappy.decompress(Self.written.span, bytesMax: 15, appendingTo: &output)
        #expect(count == 15)
        #expect(output == [1] + Array("abcdabcdabcdxyz".utf8))
    }

    @Test func blocksAreReadBack() throws {
        for seed: UInt64 in 0..<60 {
            var random = SeededGenerator(seed: seed)
            let bytes = sampleText(seed == 0 ? 0 : Int.random(in: 1...200_000, using: &random), &random)
            var block: [UInt8] = []
            try Snappy.compress(bytes.span, appendingTo: &block)
            var output: [UInt8] = []
            try Snappy.decompress(block.span, bytesMax: bytes.count, appendingTo: &output)
            #expect(output == bytes, "seed \(seed)")
        }
    }

    @Test func refusesABlockAboveTheLimitBeforeItAllocates() {
        var output: [UInt8] = []
        #expect(throws: CompressionError.self) {
            try Snappy.decompress(Self.written.span, bytesMax: 14, appendingTo: &output)
        }
        // Declares 2^32 - 1 bytes, which 12 bytes cannot become.
        let lying: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0x0f] + Self.written.dropFirst()
        #expect(throws: CompressionError.self) {
            try Snappy.decompress(lying.span, bytesMax: .max, appendingTo: &output)
        }
        #expect(output.capacity == 0)
    }

    @Test func refusesEveryTruncationAndOtherLengths() {
        var output: [UInt8] = [1]
        for count in 0..<Self.written.count {
            #expect(throws: CompressionError.self) {
                try Snappy.decompress(Self.written.span.extracting(first: count), bytesMax: 100, appendingTo: &output)
            }
        }
        for length: UInt8 in [0, 14, 16] {
            let wrong = [length] + Self.written.dropFirst()
            #expect(throws: CompressionError.self) {
                try Snappy.decompress(wrong.span, bytesMax: 100, appendingTo: &output)
            }
        }
        #expect(output == [1])
    }
}

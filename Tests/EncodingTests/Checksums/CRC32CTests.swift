import TestSupport
import Testing

@testable import Encoding

@Suite struct CRC32CTests {
    /// RFC 3720 appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
    static let vectors: [([UInt8], UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
        ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
        ([UInt8](0..<32), 0x46dd_794e),
        ([UInt8]((0..<32).reversed()), 0x113f_db5c),
        (Array("123456789".utf8), 0xe306_9283),
        ([], 0),
    ]

    @Test(arguments: vectors)
    func agreesWithKnownVectors(bytes: [UInt8], sum: UInt32) {
        #expect(CRC32C.of(bytes.span) == sum)
        #expect(CRC32C.ofByTables(bytes.span) == sum)
    }

    /// The definition: division of polynomials, one bit at a time.
    static func byDivision(_ bytes: [UInt8]) -> UInt32 {
        var state = UInt32.max
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0x82f6_3b78 : state >> 1 }
        }
        return ~state
    }

    /// The lengths lie around the borders of the blocks that the instruction works in: 8, 384 and 3072 bytes.
    @Test(arguments: [1, 7, 8, 9, 383, 384, 385, 767, 768, 769, 3071, 3072, 3073, 6144 + 384 + 8 + 3, 20_000])
    func agreesWithItsDefinition(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let expected = Self.byDivision(bytes)
        #expect(CRC32C.of(bytes.span) == expected)
        #expect(CRC32C.ofByTables(bytes.span) == expected)
        var sum = CRC32C()
        let half = Int.random(in: 0...count, using: &random)
        sum.add(bytes.span.extracting(first: half))
        sum.add(bytes.span.extracting(droppingFirst: half))
        #expect(sum.value == expected)
    }
}

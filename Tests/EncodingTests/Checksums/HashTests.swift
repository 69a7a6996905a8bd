import Encoding
import TestSupport
import Testing

@Suite struct HashTests {
    static func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Lengths around the borders between the ways the hashes take: 3, 4, 8, 16, 32 and 64 bytes.
    static let lengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129, 200]

    /// Each flipped input bit flips each output bit in half of the cases: among 400 trials between 120 and 280, which
    /// is eight standard deviations.
    @Test(arguments: lengths)
    func everyInputBitReachesEveryOutputBit(length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        let trials = 400
        let seed = Hash128(low: random.next(), high: random.next())
        let inputs = (0..<trials).map { _ in Self.bytes(length, &random) }
        for bit in stride(from: 0, to: 8 * length, by: max(1, length / 8)) {
            var flips = [Int](repeating: 0, count: 192)
            for input in inputs {
                var other = input
                other[bit / 8] ^= 1 << UInt8(bit % 8)
                let narrow = Hash64.of(input.span) ^ Hash64.of(other.span)
                let a = Hash128.of(input.span, seed: seed)
                let b = Hash128.of(other.span, seed: seed)
                for (word, difference) in [narrow, a.low ^ b.low, a.high ^ b.high].enumerated() {
                    for out in 0..<64 { flips[64 * word + out] += Int(difference >> UInt64(out) & 1) }
                }
            }
            #expect(flips.allSatisfy { (120...280).contains($0) }, "input bit \(bit) of \(length) bytes")
        }
    }

    @Test func inputsThatDifferOnlyInLengthOrOrderDiffer() {
        let seed = Hash128(low: 1, high: 2)
        var narrow: Set<UInt64> = []
        var wide: Set<Hash128> = []
        var inputs: Set<[UInt8]> = []
        for count in 0...300 {
            for byte: UInt8 in [0, 1, 0x80, 0xff] { inputs.insert([UInt8](repeating: byte, count: count)) }
        }
        // Two words of 16 bytes in each order and place.
        let words = (0..<4).map { [UInt8](repeating: UInt8($0), count: 16) }
        for a in words { for b in words { for c in words { for d in words { inputs.insert(a + b + c + d + a) } } } }
        for input in inputs {
            narrow.insert(Hash64.of(input.span))
            wide.insert(Hash128.of(input.span, seed: seed))
        }
        #expect(narrow.count == inputs.count)
        #expect(wide.count == inputs.count)
        #expect(Set(wide.map(\.low)).count == inputs.count)
        #expect(Set(wide.map(\.high)).count == inputs.count)
    }

    /// 200,000 label-like keys: no collision is expected (the chance is 1e-9), and the low and the high bits fill 1024
    /// buckets evenly: chi-squared of 1023 degrees has mean 1023 and deviation 45.
    @Test func labelLikeKeysSpreadEvenly() {
        let seed = Hash128(low: 3, high: 4)
        var all: Set<UInt64> = []
        let count = 200_000
        var buckets = [[Int]](repeating: [Int](repeating: 0, count: 1024), count: 6)
        for index in 0..<count {
            let key = Array("__name__=http_requests_total,instance=10.0.\(index >> 8).\(index & 255):9100".utf8)
            let wide = Hash128.of(key.span, seed: seed)
            for (place, word) in [Hash64.of(key.span), wide.low, wide.high].enumerated() {
                buckets[2 * place][Int(word & 1023)] += 1
                buckets[2 * place + 1][Int(word >> 54)] += 1
            }
            all.insert(Hash64.of(key.span))
        }
        #expect(all.count == count)
        let mean = Double(count) / 1024
        for (place, filled) in buckets.enumerated() {
            let chiSquared = filled.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) / mean }
            #expect((750...1300).contains(chiSquared), "output word and end \(place)")
        }
    }

    @Test func theSeedChangesEverything() {
        let bytes = Array("job=\"node\"".utf8)
        let hashes = (0..<1000).map { Hash128.of(bytes.span, seed: Hash128(low: UInt64($0), high: 0)) }
        #expect(Set(hashes.map(\.low)).count == 1000)
        #expect(Set(hashes.map(\.high)).count == 1000)
        #expect(Set((0..<1000).map { Hash64.of(bytes.span, seed: UInt64($0)) }).count == 1000)
    }
}

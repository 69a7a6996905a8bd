import TestSupport
import Testing

@testable import TSDB

/// Sets of ids as bits, beside sets.
@Suite struct SeriesIDsTests {
    private func bits(_ ids: Set<UInt64>) -> SeriesIDs {
        guard let least = ids.min(), let most = ids.max() else { return SeriesIDs() }
        let first = least & ~63
        var words = [UInt64](repeating: 0, count: Int((most - first) / 64) + 1)
        for id in ids { words[Int((id - first) / 64)] |= 1 << (id % 64) }
        return SeriesIDs(first: first, words: words)
    }

    @Test func unionHoldsTheIDsOfAllAndNoOthers() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var expected: Set<UInt64> = []
            var union = SeriesIDs()
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                let from = UInt64.random(in: 0...2000, using: &random)
                let width = UInt64.random(in: 1...500, using: &random)
                let count = Int.random(in: 0...40, using: &random)
                let ids = Set((0..<count).map { _ in UInt64.random(in: from...from + width, using: &random) })
                expected.formUnion(ids)
                union.formUnion(bits(ids))
            }
            for id in UInt64(0)...2700 { #expect(union.contains(id) == expected.contains(id), "\(id)") }
        }
    }
}

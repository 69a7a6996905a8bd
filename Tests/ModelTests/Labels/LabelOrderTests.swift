import Model
import TestSupport
import Testing

@Suite struct LabelOrderTests {
    /// Names and values of all lengths around those where a length takes another byte, many of them prefixes of others.
    @Test func labelsAreOrderedNameByNameAndValueByValue() {
        var random = SeededGenerator.announced()
        let texts = ["a", "aa", "ab", "b", "c", String(repeating: "a", count: 127), String(repeating: "a", count: 128)]
        func set() -> Labels {
            Labels(
                (0..<Int.random(in: 0..<4, using: &random)).map { _ in
                    (texts.randomElement(using: &random) ?? "", texts.randomElement(using: &random) ?? "")
                })
        }
        for _ in 0..<20_000 {
            let (a, b) = (set(), set())
            let isBefore = a.pairs.lexicographicallyPrecedes(b.pairs) {
                ($0.name, $0.value) < ($1.name, $1.value)
            }
            #expect((a < b) == isBefore, "\(a) \(b)")
        }
    }
}

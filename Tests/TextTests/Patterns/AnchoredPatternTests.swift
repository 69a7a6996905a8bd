import TestSupport
import Testing
import Text

@Suite struct AnchoredPatternTests {
    @Test(arguments: [
        ("", PatternShape.literals([""])),
        ("foo", .literals(["foo"])),
        ("^(?:a|b|c)$", .literals(["a", "b", "c"])),
        ("c|a|b|a", .literals(["a", "b", "c"])),
        ("api\\.v[12]|web", .literals(["api.v1", "api.v2", "web"])),
        ("node(-exporter)?", .literals(["node", "node-exporter"])),
        ("^a|b$", .literals(["a", "b"])),
        ("(a|b)(c|d)", .literals(["ac", "ad", "bc", "bd"])),
        (".*", .anything(nonEmpty: false)), ("^.+$", .anything(nonEmpty: true)), ("(.*)", .anything(nonEmpty: false)),
        ("foo.*", .prefix("foo", more: false)), ("foo.+", .prefix("foo", more: true)),
        (".*foo", .suffix("foo", more: false)), (".+foo", .suffix("foo", more: true)),
        (".*foo.*", .containing("foo")), (".*?foo.*?", .containing("foo")),
        ("foo[0-9]+", .other(prefix: "foo")), ("foo\\d|bar", .other(prefix: "")), ("fooo{2}", .other(prefix: "foo")),
        ("(?i)foo", .other(prefix: "")), ("foo(?i)bar", .other(prefix: "")), (".+foo.*", .other(prefix: "")),
        ("a.b", .other(prefix: "a")), ("[[:alpha:]]|b", .other(prefix: "")),
    ])
    func tellsTheShape(pattern: String, shape: PatternShape) { #expect(PatternShape(of: pattern) == shape) }

    @Test func keepsDifferentSpellingsOfALetterApart() throws {
        let pattern = try AnchoredPattern("\u{e9}|e\u{301}")
        let composed = Array("\u{e9}".utf8)
        let decomposed = Array("e\u{301}".utf8)
        let matches = [pattern.matches(composed.span), pattern.matches(decomposed.span)]
        #expect(matches == [true, true])
    }

    @Test func doesNotMultiplyAlternativesWithoutBound() {
        #expect(PatternShape(of: String(repeating: "(a|b)", count: 20)) == .other(prefix: ""))
        let names = (0..<5000).map { "name\($0)" }.joined(separator: "|")
        guard case .literals(let texts) = PatternShape(of: names) else {
            Issue.record("a long list of names is no list")
            return
        }
        #expect(texts.count == 5000)
    }

    /// RE2 is the truth: the shapes may neither accept a pattern that it refuses nor match otherwise.
    @Test(arguments: 0..<8)
    func agreesWithTheAutomatonOnRandomPatterns(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "b", "ab", ".*", ".+", ".", "|", "(", ")", "(?:", "?", "*", "+", "[ab]", "[^a]", "\\.", "^", "$",
            "{2}", "\\d", "(a|b)", "\\", "[", "]", "-", "{", "}", "é", "(?i)",
        ]
        var accepted = 0
        for _ in 0..<3000 {
            let pattern = (0..<Int.random(in: 0...7, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let truth = try? RegularExpression(pattern, dot: .anything)  // refused patterns are compared as nil
            let anchored = try? AnchoredPattern(pattern)  // the same
            #expect((truth == nil) == (anchored == nil), "\(pattern), seed \(seed)")
            guard let truth, let anchored else { continue }
            accepted += 1
            for _ in 0..<12 {
                let value = (0..<Int.random(in: 0...6, using: &random))
                    .map { _ in ["a", "b", ".", "-", "\n", "é", "1"].randomElement(using: &random) ?? "" }.joined()
                let bytes = Array(value.utf8)
                let expected = truth.matchesWhole(bytes.span)
                let matches = anchored.matches(bytes.span)
                #expect(matches == expected, "\(pattern) on \(value), seed \(seed)")
                if case .other(let prefix) = anchored.shape, expected {
                    #expect(bytes.starts(with: prefix.utf8), "\(pattern) on \(value), seed \(seed)")
                }
            }
        }
        #expect(accepted > 500)
    }
}

import Encoding
import TestSupport
import Testing
import Text

@Suite struct PatternNeedlesTests {
    @Test(arguments: [
        ("cache miss", ["cache miss"], true, false), ("(?i)Connection Reset", ["connection reset"], true, true),
        ("order [0-9]+ (cancelled|refunded) now", ["cancelled", "refunded"], false, false),
        ("a|bc", ["a", "bc"], true, false), ("^abc$", ["abc"], false, false), (#"abc\b"#, ["abc"], false, false),
        (#"a\.b"#, ["a.b"], true, false), ("x.*longer.*y", ["longer"], false, false),
    ])
    func areTheLongestTextsThatMustBeThere(pattern: String, texts: [String], isExact: Bool, foldsCase: Bool) throws {
        let needles = try #require(PatternNeedles(of: pattern))
        #expect(needles.texts == texts)
        #expect(needles.isExact == isExact)
        #expect(needles.foldsCase == foldsCase)
    }

    @Test(arguments: ["[0-9]+", "a?", ".*", "(?s)abc", "a|d*", "", "(a|)", "(?i)äb"])
    func areNoneWhereNothingMustBeThere(pattern: String) {
        #expect(PatternNeedles(of: pattern) == nil)
    }

    @Test func aMatchHoldsOneOfThemAndWhereTheyAreExactNothingElseMatches() throws {
        var random = SeededGenerator.announced()
        let pieces = ["a", "b", "ab", "[ab]", "c+", "(a|bc)", "a*", ".", "(?:b|c)", "b?", "\\d", "(ab|c[12])"]
        for _ in 0..<2000 {
            var pattern = Bool.random(using: &random) ? "" : "(?i)"
            for _ in 0..<Int.random(in: 1...4, using: &random) { pattern += pieces.randomElement(using: &random) ?? "" }
            if Int.random(in: 0..<8, using: &random) == 0 { pattern += "$" }
            let expression = try RegularExpression(pattern)
            guard let needles = PatternNeedles(of: pattern) else { continue }
            for _ in 0..<20 {
                let text = String(
                    (0..<Int.random(in: 0..<8, using: &random)).map { _ in
                        "abcABC12".randomElement(using: &random) ?? "a"
                    })
                let matches = expression.matches(Array(text.utf8).span)
                let searched = needles.foldsCase ? text.lowercased() : text
                let contains = needles.texts.contains { searched.contains($0) }
                if matches { #expect(contains, "\(pattern) in \(text)") }
                if needles.isExact { #expect(matches == contains, "\(pattern) in \(text)") }
            }
        }
    }
}

import Testing
import Text

@Suite struct RegularExpressionTests {
    private func captures(_ pattern: String, _ text: String, whole: Bool = false) throws -> [String?]? {
        let expression = try RegularExpression(pattern)
        var ranges = CaptureRanges()
        let bytes = Array(text.utf8)
        guard expression.captures(in: bytes.span, whole: whole, into: &ranges) else { return nil }
        return (0...expression.groupCount).map { group in
            ranges[group].map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test func findsTheLeftmostMatchAndItsGroups() throws {
        #expect(try captures("(a+)(b)?", "xaac") == ["aa", "aa", nil])
        #expect(try captures("(a+)(b)?", "xaac", whole: true) == nil)
        #expect(try captures("(a+)(b)?", "aab", whole: true) == ["aab", "aa", "b"])
        #expect(try captures("x*", "") == [""])
    }

    @Test func findsManyGroups() throws {
        let pattern = String(repeating: "(.)", count: 40)
        let text = String(repeating: "abcd", count: 10)
        #expect(try captures(pattern, text)?.dropFirst().compactMap(\.self).joined() == text)
    }

    @Test func continuesAfterAMatch() throws {
        let expression = try RegularExpression("\\d+")
        let bytes = Array("a1b22c333".utf8)
        var ranges = CaptureRanges()
        var found: [Range<Int>] = []
        while expression.captures(in: bytes.span, from: found.last?.upperBound ?? 0, into: &ranges) {
            found.append(try #require(ranges[0]))
        }
        #expect(found == [1..<2, 3..<5, 6..<9])
    }

    @Test func letsADotTakeALineBreakOnlyWhereTold() throws {
        let text = Array("a\nb".utf8)
        let byCharacter = try RegularExpression("a.b").matches(text.span)
        let byAnything = try RegularExpression("a.b", dot: .anything).matches(text.span)
        #expect(!byCharacter)
        #expect(byAnything)
    }

    @Test(arguments: ["(", ")", "a)(b", "*", "a**", "[", "\\", "(?P<n", "(?=a)", "(a)\\1", "a{1001}", "\\C{1}\\z("])
    func refusesWhatGoRefuses(pattern: String) {
        #expect(throws: RegularExpressionError.self) { _ = try RegularExpression(pattern) }
    }

    @Test func namesTheLimits() {
        #expect {
            _ = try RegularExpression(String(repeating: "a", count: RegularExpression.Limits.patternBytesMax + 1))
        } throws: { "\($0)".hasSuffix("it has 1048577 bytes, the limit is 1048576") }
        #expect {
            _ = try RegularExpression(String(repeating: "\\pL{900}", count: 100))
        } throws: { "\($0)".contains("pattern too large") }
    }

    /// The rules of Go's `Regexp.Expand`, from its documentation.
    @Test(arguments: [
        ("$1", "ab"), ("${1}x", "abx"), ("$1x", ""), ("$name-$2", "cd-cd"), ("$$1", "$1"), ("$", "$"), ("$ $1", "$ ab"),
        ("${1", "${1"), ("$9", ""), ("$01", ""), ("${name}", "cd"), ("$0", "ab-cd"), ("text", "text"), ("${}", "${}"),
        ("$3|", "|"), ("$-", "$-"),
    ])
    func expandsAsGoDoes(template: String, expected: String) throws {
        let expression = try RegularExpression("(\\w+)-(?P<name>\\w+)(x)?")
        let bytes = Array("ab-cd".utf8)
        var ranges = CaptureRanges()
        let found = expression.captures(in: bytes.span, into: &ranges)
        #expect(found)
        var output: [UInt8] = []
        ReplacementTemplate(template, for: expression).expand(ranges, in: bytes.span, into: &output)
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }
}

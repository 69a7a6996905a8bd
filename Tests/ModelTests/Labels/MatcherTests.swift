import Model
import Testing

@Suite struct MatcherTests {
    private func matches(_ operation: Matcher.Operation, _ pattern: String, _ value: String) throws -> Bool {
        let matcher = try Matcher("job", operation, pattern)
        let bytes = Array(value.utf8)
        return matcher.matches(bytes.span)
    }

    @Test(arguments: [
        ("=", "api", "api", true), ("=", "api", "apis", false), ("=", "", "", true),
        ("!=", "api", "api", false), ("!=", "api", "", true),
        ("=~", "a.*", "api", true), ("=~", "a", "api", false), ("=~", "api|web", "web", true), ("=~", ".+", "", false),
        ("=~", "a.c", "a\nc", true), ("=~", "(?i)API", "api", true), ("=~", "", "", true), ("=~", "", "a", false),
        ("!~", "a.*", "api", false), ("!~", "api|web", "db", true), ("!~", ".+", "", true),
    ])
    func holdsAsPrometheusHasIt(operation: String, pattern: String, value: String, expected: Bool) throws {
        let operation = try #require(Matcher.Operation(rawValue: operation))
        #expect(try matches(operation, pattern, value) == expected)
        #expect(try Matcher("job", operation, pattern).matchesEmpty == matches(operation, pattern, ""))
    }

    @Test func listsTheOnlyValuesThatCanHold() throws {
        #expect(Matcher("job", equals: "api").literals == ["api"])
        #expect(try Matcher("job", .matches, "b|a").literals == ["a", "b"])
        #expect(try Matcher("job", .notMatches, "b|a").literals == ["a", "b"])
        #expect(try Matcher("job", .matches, "a.*").literals == nil)
    }

    @Test func printsAsInASelector() throws {
        #expect(try "\(Matcher("job", .notMatches, "a\"\\d"))" == #"job!~"a\"\\d""#)
    }

    @Test func refusesAnInvalidPattern() {
        #expect {
            _ = try Matcher("job", .matches, "a(")
        } throws: { "\($0)" == "invalid regular expression \"a(\": missing ): a(" }
    }
}

import Testing
import Text

/// The table of Go's path.Match.
@Suite struct GlobTests {
    @Test(arguments: [
        ("abc", "abc", true), ("*", "abc", true), ("*c", "abc", true), ("a*", "a", true), ("a*", "abc", true),
        ("a*", "ab/c", false),
        ("a*/b", "abc/b", true), ("a*/b", "a/c/b", false), ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
        ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false), ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
        ("a*b?c*x", "abxbbxdbxebxczzx", true),
        ("a*b?c*x", "abxbbxdbxebxczzy", false), ("ab[c]", "abc", true), ("ab[b-d]", "abc", true),
        ("ab[e-g]", "abc", false),
        ("ab[^c]", "abc", false), ("ab[^b-d]", "abc", false), ("ab[^e-g]", "abc", true), ("a\\*b", "a*b", true),
        ("a\\*b", "ab", false),
        ("a?b", "a☺b", true), ("a[^a]b", "a☺b", true), ("a???b", "a☺b", false), ("[a-ζ]*", "α", true),
        ("*[a-ζ]", "A", false),
        ("a?b", "a/b", false), ("a*b", "a/b", false), ("[\\]a]", "]", true), ("[\\-]", "-", true),
        ("[x\\-]", "x", true), ("[x\\-]", "z", false),
        ("[\\-x]", "-", true), ("*x", "xxx", true), ("", "", true), ("", "a", false), ("*", "", true),
        ("scrape_configs/*.yml", "scrape_configs/a.yml", true),
    ])
    func matchesAsGoDoes(pattern: String, name: String, expected: Bool) throws {
        #expect(try #require(Glob(pattern)).matches(name) == expected)
    }

    @Test(arguments: ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "a\\"])
    func refusesWhatGoRefuses(pattern: String) { #expect(Glob(pattern) == nil) }

    @Test func goesBackOverManyStarsInBoundedTime() throws {
        let glob = try #require(Glob(String(repeating: "a*", count: 20) + "b"))
        #expect(!glob.matches(String(repeating: "a", count: 2000)))
    }

    @Test func tellsPlainNames() {
        #expect(Glob("a/b.yml")?.hasWildcards == false)
        #expect(Glob("a/*.yml")?.hasWildcards == true)
    }
}

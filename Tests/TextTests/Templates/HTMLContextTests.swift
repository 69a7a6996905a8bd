import Testing

@testable import Text

/// What html/template makes of values, from the examples of its documentation.
@Suite struct HTMLContextTests {
    private static func render(_ text: String, _ value: TemplateValue) throws -> String {
        try TemplateSet(functions: TextFunctions.all).render(text, named: "t", value, escaping: .html)
    }

    @Test(arguments: [
        ("{{ . }}", "O'Reilly: How are <i>you</i>?", "O&#39;Reilly: How are &lt;i&gt;you&lt;/i&gt;?"),
        ("<a title='{{ . }}'>", "O'Reilly & co", "<a title='O&#39;Reilly &amp; co'>"),
        (
            "<a href=\"/{{ . }}\">", "O'Reilly: How are <i>you</i>?",
            "<a href=\"/O%27Reilly:%20How%20are%20%3ci%3eyou%3c/i%3e?\">"
        ),
        ("<a href=\"?q={{ . }}\">", "a b&c", "<a href=\"?q=a%20b%26c\">"),
        ("<a href=\"{{ . }}\">", "javascript:alert(1)", "<a href=\"#ZgotmplZ\">"),
        ("<a href=\"{{ . }}\">", "https://a.example/b?c=d&e", "<a href=\"https://a.example/b?c=d&amp;e\">"),
        (
            "<script>var x = {{ . }};</script><b>{{ . }}", "a'b<",
            "<script>var x = \"a\\'b\\u003C\";</script><b>a&#39;b&lt;"
        ),
        ("<p onclick=\"f({{ . }})\">", "x", "<p onclick=\"f(&#34;x&#34;)\">"),
        ("<style>p { color: {{ . }} }</style>", "expression(1)", "<style>p { color: ZgotmplZ }</style>"),
        ("<p style=\"color: {{ . }}\">", "#ff0000", "<p style=\"color: #ff0000\">"),
        ("<!-- {{ . }} -->{{ . }}", "<", "<!--  -->&lt;"), ("1 < 2 {{ . }}", "<", "1 < 2 &lt;"),
    ])
    func makesValuesSafeForTheirPlace(text: String, value: String, expected: String) throws {
        #expect(try Self.render(text, .string(value)) == expected)
    }

    @Test func leavesMarkupAsItIs() throws {
        #expect(try Self.render("{{ . | safeHtml }}", .string("<b>x</b>")) == "<b>x</b>")
        #expect(try Self.render("<a title=\"{{ . | safeHtml }}\">", .string("\"")) == "<a title=\"&#34;\">")
    }
}

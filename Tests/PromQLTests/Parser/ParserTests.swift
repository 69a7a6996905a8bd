import PromQL
import Testing

/// Messages and positions are those of Prometheus 3.x for the same texts, or the same in substance.
@Suite struct ParserTests {
    @Test(arguments: [
        ("", "unknown position: parse error: no expression found in input"),
        ("sum(", "1:5: parse error: unclosed left parenthesis"),
        ("foo{", "1:5: parse error: unexpected end of input inside braces"),
        ("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        ("a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"),
        ("foo[5m", "1:7: parse error: unexpected end of input in duration expression"),
        ("rate(foo)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"),
        ("nope(1)", "1:1: parse error: unknown function with name \"nope\""),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("{a=~\".*\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("foo{__name__=\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""),
        ("a offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"),
        ("a\n+ on(b) group_left(b) c", "2:1: parse error: label \"b\" must not occur in ON and GROUP clause at once"),
        ("1 or a", "1:1: parse error: set operator \"or\" not allowed in binary scalar expression"),
        ("sum by (a) group_left x", "1:12: parse error: unexpected <group_left> in aggregation"),
        ("foo bar", "1:5: parse error: unexpected identifier \"bar\""),
        ("foo[0s]", "1:5: parse error: duration must be greater than 0"),
        ("(foo + 1)[5m]", "1:10: parse error: ranges only allowed for vector selectors"),
        (
            "topk(foo)",
            "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"
        ),
        ("round(a, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"),
        ("\"\\q\"", "1:1: parse error: error unquoting string \"\\q\": unknown escape sequence '\\q'"),
        (
            "1 @ 5",
            "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        ),
    ])
    func errorsNameThePlace(query: String, message: String) {
        let error = #expect(throws: ParseError.self) { try Parser.parse(query) }
        #expect(error?.description == message)
    }

    @Test func theCaretStandsUnderThePlace() {
        let error = #expect(throws: ParseError.self) { try Parser.parse("sum(a) +\n\trate(b)") }
        #expect(
            error?.withCaret == """
                2:7: parse error: expected type range vector in call to function "rate", got instant vector
                \trate(b)
                \t     ^
                """)
    }

    @Test(arguments: [
        ("a+b*c^d^e", "a + b * c ^ d ^ e"), ("-1^2", "-1 ^ 2"), ("- -a", "--a"),
        ("sum(a)by(b,c)", "sum by (b, c) (a)"), ("sum without() (a)", "sum without () (a)"),
        ("a{x='1',y!~\"b\"}", "a{x=\"1\",y!~\"b\"}"),
        ("{\"my.metric\", \"x y\"=\"1\"}", "{\"x y\"=\"1\",__name__=\"my.metric\"}"),
        ("a[1h30m]offset-5m", "a[1h30m] offset -5m"), ("a[5m*2]", "a[5m * 2]"), ("a[(5m)]", "a[(5m)]"),
        ("a offset step()", "a offset step()"), ("a offset (1h/2)", "a offset (1h / 2)"),
        ("a@1.5", "a @ 1.500"), ("a[5m:]@end()", "a[5m:] @ end()"), ("a[5m]anchored", "a[5m] anchored"),
        ("a+on(x)group_left()b", "a + on (x) group_left () b"), ("a/ignoring(x)b", "a / ignoring (x) b"),
        ("a+fill(0)b", "a + fill (0) b"), ("a+fill_left(1)fill_right(2)b", "a + fill_left (1) fill_right (2) b"),
        ("a>/2</3", "a >/ 2 </ 3"), ("0x1f + 1e3 + Inf", "31 + 1000 + +Inf"), ("5m", "5m"), ("Inf ^ a", "+Inf ^ a"),
        ("+ +Inf ^ 2", "+Inf ^ 2"), ("sum", "sum"), ("offset offset 5m", "offset offset 5m"),
        ("fill + fill", "fill + fill"),
        ("a and on(b) c # comment", "a and on (b) c"), ("histogram_quantile(0.9,a)", "histogram_quantile(0.9, a)"),
        ("a > bool 1", "a > bool 1"), ("min_of(1,2)", "min_of(1, 2)"), ("a atan2 b", "a atan2 b"),
    ])
    func expressionsArePrintedAsPrometheusPrintsThem(query: String, printed: String) throws {
        let text = try Parser.parse(query).description
        #expect(text == printed)
        #expect(try Parser.parse(text).description == printed)
    }

    @Test(arguments: [
        "limitk(1, a)", "sort_by_label(a, \"b\")", "a[5m] smoothed", "a + fill(0) b", "info(a)", "step()",
    ])
    func stockPrometheusDoesNotKnowWhatIsExperimental(query: String) throws {
        _ = try Parser.parse(query)
        #expect(throws: ParseError.self) { try Parser.parse(query, features: .stock) }
    }

    @Test func deepNestingIsRefusedInsteadOfExhaustingTheStack() {
        let deep = String(repeating: "(", count: 100_000) + "a" + String(repeating: ")", count: 100_000)
        #expect(throws: ParseError.self) { try Parser.parse(deep) }
        let long = Array(repeating: "a", count: 10_000).joined(separator: " + ")
        #expect(throws: ParseError.self) { try Parser.parse(long) }
        #expect(throws: ParseError.self) { try Parser.parse(String(repeating: "-", count: 100_000) + "a") }
        #expect(throws: ParseError.self) { try Parser.parse("a[" + String(repeating: "(", count: 100_000)) }
    }

    @Test func longExpressionsAreSplitAtTheirOperators() throws {
        let long =
            "sum by (job) (rate(http_requests_total{job=\"api\"}[5m])) / sum by (job) (rate(http_errors_total{job=\"api\"}[5m]))"
        #expect(
            Prettifier.text(of: try Parser.parse(long)) == """
                  sum by (job) (rate(http_requests_total{job="api"}[5m]))
                /
                  sum by (job) (rate(http_errors_total{job="api"}[5m]))
                """)
    }
}

import LogQL
import Testing

@Suite struct LogParserTests {
    /// Queries with their canonical form.
    static let forms: [(query: String, form: String)] = [
        (#"{ app = "a" , b=~`x.*` }"#, #"{app="a", b=~"x.*"}"#),
        (
            #"{app="a"}|="x"or"y"|json|status>=500,took>1s"#,
            #"{app="a"} |= "x" or "y" | json | ( status>=500 , took>1s )"#
        ),
        (#"sum(rate({app="a"}[5m]))by(b)"#, #"sum by (b) (rate({app="a"} [5m]))"#),
        (#"rate(({app="a"} |~ "x")[1m])"#, #"rate({app="a"} |~ "x" [1m])"#),
        (
            #"quantile_over_time(0.99,{app="a"}|json|unwrap duration(took)[1m] offset 1h)by(p)"#,
            #"quantile_over_time(0.99,{app="a"} | json | unwrap duration(took) [1m] offset 1h) by (p)"#
        ),
        (#"1 + 2 * 3"#, "7"),
        (
            #"{app="a"} | label_format a=b,c="{{.d}}" | drop x, y="z" # said"#,
            #"{app="a"} | label_format a=b,c="{{.d}}" | drop x,y="z""#
        ),
    ]

    @Test(arguments: forms) func queriesHaveACanonicalFormThatReadsBackAsItself(
        _ form: (query: String, form: String)
    ) throws {
        let written = QueryText.text(try LogQuery(parsing: form.query))
        #expect(written == form.form)
        #expect(QueryText.text(try LogQuery(parsing: written)) == written)
    }

    @Test func aQueryThatIsTooLongOrTooDeepIsRefused() {
        #expect(throws: LogQLError.self) {
            try LogQuery(parsing: "{a=\"" + String(repeating: "x", count: 70_000) + "\"}")
        }
        #expect(throws: LogQLError.self) {
            try LogQuery(parsing: String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000))
        }
    }
}

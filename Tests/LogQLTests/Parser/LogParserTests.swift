import LogQL
import Testing

@Suite struct LogParserTests {
    /// Faults by hand, with the message and the place that Loki gives them.
    static let faults: [(query: String, error: String)] = [
        ("{", "parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }"),
        (#"{app="a""#, "parse error at line 1, col 9: syntax error: unexpected $end, expecting } or ,"),
        ("{app}", "parse error at line 1, col 5: syntax error: unexpected }, expecting = or =~ or !~ or !="),
        ("{app=1}", "parse error at line 1, col 6: syntax error: unexpected NUMBER, expecting STRING"),
        (#"{app="a"} |="#, "parse error at line 1, col 13: syntax error: unexpected $end, expecting ip or STRING"),
        (
            #"{app="a"} | json | status >"#,
            "parse error at line 1, col 28: syntax error: unexpected $end, expecting BYTES or NUMBER or DURATION"
        ),
        (#"rate({app="a"})"#, "parse error at line 1, col 15: syntax error: unexpected ), expecting RANGE"),
        (#"rate({app="a"}[5m]"#, "parse error at line 1, col 19: syntax error: unexpected $end, expecting )"),
        (
            #"sum by (rate({app="a"}[5m])"#,
            "parse error at line 1, col 13: syntax error: unexpected (, expecting ) or ,"
        ),
        (#"rate({app="a"}[5x])"#, #"parse error at line 1, col 15: not a valid duration string: "5x""#),
        (
            "{app=\"a\"}\n|= `x` | drop",
            "parse error at line 2, col 14: syntax error: unexpected $end, expecting IDENTIFIER"
        ),
        (#"topk(rate({app="a"}[5m]))"#, "parse error at line 1, col 1: parameter required for operation topk"),
        (
            #"sum_over_time({app="a"}[5m])"#,
            "parse error at line 1, col 1: invalid aggregation sum_over_time without unwrap"
        ),
        (
            #"{app="a"} | json | x == "y""#,
            "parse error at line 1, col 25: syntax error: unexpected STRING, expecting BYTES or NUMBER or DURATION"
        ),
        (#"{app="a"} |= "open"#, "parse error at line 1, col 14: literal not terminated"),
    ]

    @Test(arguments: faults) func faultsAreToldAsLokiTellsThem(_ fault: (query: String, error: String)) {
        var told = ""
        do {
            _ = try LogQuery(parsing: fault.query)
        } catch {
            told = error.description
        }
        #expect(told == fault.error)
    }

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

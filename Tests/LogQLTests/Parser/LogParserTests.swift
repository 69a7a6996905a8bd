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

    @Test(arguments: [
        #"rate({a="b"})"#, #"sum(rate({a="b"}))"#, #"sum by (c) (rate({a="b"} |~ "x"))"#, #"sum(rate(({a="b"})))"#,
        #"count_over_time({a="b"}) > 1"#, #"(rate({a="b"}))"#,
    ])
    func aRangeAggregationWithoutARangeIsRefusedWherever(query: String) {
        let error = #expect(throws: LogQLError.self) { try LogQuery(parsing: query) }
        #expect(error?.message.contains("unexpected )") == true)
    }

    @Test(arguments: ["{} || >1s", "{} | = \"a\"", "{} | ( =1", "{} | a=1 or | >1"])
    func aSignIsNoNameOfALabel(query: String) {
        #expect(throws: LogQLError.self) { try LogQuery(parsing: query) }
    }

    @Test(arguments: [("88^8888888888", "(10 ^ 309)"), ("-88^89999", "(-10 ^ 309)"), ("1 / 0", "(0 / 0)")])
    func whatNoNumberCanBeWrittenForIsACalculation(query: String, written: String) throws {
        #expect(QueryText.text(try LogQuery(parsing: query)) == written)
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

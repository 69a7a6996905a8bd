import Testing

@testable import obs

@Suite struct QueryFailureTests {
    @Test func theCaretStandsUnderThePlace() {
        let failure = QueryFailure(
            sentence: #"invalid parameter "query": 1:5: parse error: unexpected character: '?'"#,
            expression: "up ==?", columns: 80)
        #expect(
            failure.description == """
                1:5: parse error: unexpected character: '?'
                  up ==?
                      ^
                """)
    }

    @Test func ofSeveralLinesOnlyTheOneWithThePlaceIsShown() {
        let failure = QueryFailure(
            sentence: "2:3: parse error: no", expression: "sum(\n  é)b\n)", columns: 80)
        #expect(failure.description == "2:3: parse error: no\n    é)b\n    ^")
        let behind = QueryFailure(sentence: "2:5: parse error: no", expression: "sum(\n  é)b\n)", columns: 80)
        #expect(behind.description == "2:5: parse error: no\n    é)b\n     ^")
    }

    @Test func aLineWiderThanTheTerminalIsShownAroundThePlace() {
        let expression = String(repeating: "a", count: 60) + "?" + String(repeating: "b", count: 60)
        let failure = QueryFailure(sentence: "1:61: parse error: no", expression: expression, columns: 42)
        let lines = failure.description.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 42 })
        let caret = lines[2].count - 1
        #expect(Array(lines[1])[caret] == "?")
    }

    @Test func withoutAPlaceThereIsTheSentenceAlone() {
        for sentence in ["many-to-many matching not allowed", "9:1: parse error: beyond the end"] {
            #expect(QueryFailure(sentence: sentence, expression: "a*b", columns: 80).description == sentence)
        }
    }

    @Test func whatTheServerSaysCannotCommandTheTerminal() {
        let failure = QueryFailure(sentence: "no \u{1b}[2J", expression: "up", columns: 80)
        #expect(failure.description == "no \\u{1b}[2J")
    }

    @Test(arguments: [
        ("up", QueryLanguage.promql), ("sum(rate(x[5m])", .promql), (#"{a="|"} +"#, .promql),
        (#"{app="x"} |= "error""#, .logql), (#"{app="x"} != "ok""#, .logql), (#"{app="x"} !~ "ok""#, .logql),
        (#"sum(rate({app="x"} | json [5m]))"#, .logql), (#"{app="x"}"#, .promql), (#"x{a="b"} != 3"#, .promql),
    ])
    func onlyWhatCannotBePromQLIsLogQL(expression: String, language: QueryLanguage) {
        #expect(QueryLanguage(of: expression) == language)
    }
}

import Testing
import Text

@testable import obs

@Suite struct ViewTests {
    private func series(_ labels: [(name: String, value: String)], _ points: [(Int64, Double)]) -> QueryAnswer.Series {
        QueryAnswer.Series(labels: labels, timesMs: points.map(\.0), values: points.map(\.1))
    }

    @Test func commonLabelsAreSaidOnceAndOthersHaveColumns() {
        let answer = QueryAnswer(
            value: .vector([
                series([("__name__", "up"), ("instance", "a:1"), ("job", "node")], [(0, 1)]),
                series([("__name__", "up"), ("instance", "b:1"), ("job", "node"), ("zone", "x")], [(0, 0.5)]),
            ]))
        #expect(
            TableView(console: RecordedConsole().console, unit: .none).text(answer) == """
                up{job="node"}
                instance  zone  VALUE
                a:1                 1
                b:1       x       0.5
                """)
    }

    @Test func metricsWithNamesOfTheirOwnKeepThem() {
        let answer = QueryAnswer(
            value: .vector([
                series([("__name__", "my.metric"), ("a b", "c\"d")], [(0, 1e21)])
            ]))
        #expect(
            TableView(console: RecordedConsole().console, unit: .none).text(answer) == #"""
                {"my.metric", "a b"="c\"d"}
                VALUE
                1e+21
                """#)
    }

    @Test func aRangeHasItsFiguresAndItsTrend() {
        let answer = [
            series([("i", "a")], [(0, 0), (60_000, 512), (180_000, 1024)]),
            series([("i", "b")], [(0, 2048), (60_000, .nan), (120_000, 2048), (180_000, 2048)]),
        ]
        let times = GraphView.Times(fromMs: 0, toMs: 180_000, stepMs: 60_000)
        #expect(
            TableView(console: RecordedConsole().console, unit: .bytes).ranges(answer, times) == """
                i    MIN    AVG    MAX   LAST  TREND
                a    0 B  512 B  1 KiB  1 KiB  ▁▅ █
                b  2 KiB  2 KiB  2 KiB  2 KiB  ▄ ▄▄
                """)
    }

    @Test func csvHasALineForEachSampleAndQuotesWhereItMust() {
        let answer = QueryAnswer(
            value: .matrix([
                series([("a", "x,y"), ("b", "say \"hi\"")], [(0, 1), (30_500, -0.25)]),
                series([("c", "line\nbreak")], [(0, .nan)]),
            ]))
        #expect(
            CSVView.text(answer) == """
                a,b,c,time,value
                "x,y","say ""hi""\",,1970-01-01T00:00:00.000Z,1
                "x,y","say ""hi""\",,1970-01-01T00:00:30.500Z,-0.25
                ,,"line
                break",1970-01-01T00:00:00.000Z,NaN
                """)
        #expect(
            CSVView.text(QueryAnswer(value: .scalar(timeMs: 1000, 2))) == "time,value\n1970-01-01T00:00:01.000Z,2")
    }
}

import Testing

@testable import obs

/// Bodies as Prometheus' documentation of its HTTP API shows them.
@Suite struct QueryAnswerTests {
    private func read(_ text: String) throws -> QueryAnswer {
        let bytes = Array(text.utf8)
        return try QueryAnswer(bytes.span)
    }

    @Test func anInstantVectorIsAValueForEachSeries() throws {
        let answer = try read(
            """
            {"status":"success","data":{"resultType":"vector","result":[\
            {"metric":{"__name__":"up","job":"a"},"value":[1435781451.781,"1"]},\
            {"metric":{},"value":[1435781451.781,"-Inf"]}]},"warnings":["w"],"infos":["i","j"]}
            """)
        var first = QueryAnswer.Series(labels: [("__name__", "up"), ("job", "a")])
        (first.timesMs, first.values) = ([1_435_781_451_781], [1])
        var second = QueryAnswer.Series()
        (second.timesMs, second.values) = ([1_435_781_451_781], [-.infinity])
        #expect(answer == QueryAnswer(value: .vector([first, second]), warnings: ["w"], infos: ["i", "j"]))
    }

    @Test func aMatrixIsValuesOverTimeInAnyOrderOfMembers() throws {
        let answer = try read(
            """
            {"data":{"result":[{"values":[[0,"1"],[30.5,"NaN"]],"metric":{"a":"b"}}],"resultType":"matrix"},\
            "status":"success"}
            """)
        guard case .matrix(let series) = answer.value, let one = series.first else {
            Issue.record("it is no matrix: \(answer)")
            return
        }
        #expect(one.labels.map(\.name) == ["a"])
        #expect(one.timesMs == [0, 30_500])
        #expect(one.values[0] == 1)
        #expect(one.values[1].isNaN)
    }

    @Test func aHistogramIsShownAsPrometheusWritesIt() throws {
        let answer = try read(
            """
            {"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"histogram":[1,\
            {"count":"6","sum":"2.5","buckets":[[1,"-1","-0.5","2"],[3,"-0.001","0.001","1"],[0,"0.5","1","3"]]}]}]}}
            """)
        guard case .vector(let series) = answer.value else { return }
        let histogram = try #require(series.first?.histograms.first?.value)
        #expect(histogram.count == 6)
        #expect(histogram.text == "{count:6, sum:2.5, [-1,-0.5):2, [-0.001,0.001]:1, (0.5,1]:3}")
    }

    @Test func scalarsAndStringsComeAlone() throws {
        #expect(
            try read(#"{"status":"success","data":{"resultType":"scalar","result":[7.5,"2"]}}"#).value
                == .scalar(timeMs: 7500, 2))
        #expect(
            try read(#"{"status":"success","data":{"resultType":"string","result":[7,"a\"b"]}}"#).value
                == .string(timeMs: 7000, "a\"b"))
    }

    @Test(arguments: [
        "", "[]", "{}", "<html>", #"{"data":1}"#, #"{"data":{"resultType":"streams","result":[]}}"#,
        #"{"data":{"resultType":"vector","result":[{"metric":{},"value":[1]}]}}"#,
        #"{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}"#,
        #"{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}"#,
        #"{"data":{"resultType":"vector","result":[{"metric":7,"value":[1,"1"]}]}}"#,
        #"{"data":{"resultType":"matrix","result":[{"metric":{},"values":"1"}]}}"#,
        #"{"data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"x"}]}]}}"#,
        #"{"data":{"resultType":"scalar","result":["1",1]}}"#,
    ])
    func whatIsNoAnswerIsRefused(body: String) {
        #expect(throws: QueryAnswerError.self) { try read(body) }
    }
}

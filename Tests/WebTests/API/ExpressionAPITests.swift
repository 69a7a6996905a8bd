import HTTP
import Model
import Storage
import TestSupport
import Testing
import Web

/// Expected answers are put together by hand from Prometheus' description of its HTTP API.
struct ExpressionAPITests {
    private func server() throws -> APIServer {
        try APIServer { store, pool, router in
            ExpressionAPI(store: store, pool: pool).add(to: &router)
            SeriesAPI(store: store, pool: pool).add(to: &router)
        }
    }

    @Test func anExpressionIsFormatted() throws {
        let server = try server()
        let get = try server.get("/api/v1/format_query?query=foo%2Fbar").text
        #expect(get == #"{"status":"success","data":"foo / bar"}"#)
        let form = Array("query=sum%20by(a)(b)".utf8)
        let post = try server.post("/api/v1/format_query", form, "application/x-www-form-urlencoded").text
        #expect(post == #"{"status":"success","data":"sum by (a) (b)"}"#)
    }

    @Test func anExpressionIsShownAsATree() throws {
        #expect(
            try server().get("/api/v1/parse_query?query=-(1)").text
                == """
                {"status":"success","data":{"type":"unaryExpr","op":"-","expr":{"type":"parenExpr",\
                "expr":{"type":"numberLiteral","val":"1"}}}}
                """)
    }

    @Test func exemplarsOfEverySelectorAreFound() throws {
        let server = try server()
        for (name, id) in [("a", "1"), ("b", "2"), ("c", "3")] {
            var batch = SampleBatch()
            batch.append(Labels([("__name__", name)]), [(15_500, 1)])
            batch.exemplars = [
                SampleBatch.Exemplar(series: 0, labels: Labels([("id", id)]), value: 0.25, timestampMs: 15_500)
            ]
            _ = try server.store.append(&batch)
        }
        let answer = try server.get("/api/v1/query_exemplars?query=rate(a%5B5m%5D)%2Bc&start=0&end=20")
        #expect(
            answer.text == """
                {"status":"success","data":[\
                {"seriesLabels":{"__name__":"a"},"exemplars":[{"labels":{"id":"1"},"value":"0.25","timestamp":15.5}]},\
                {"seriesLabels":{"__name__":"c"},"exemplars":[{"labels":{"id":"3"},"value":"0.25","timestamp":15.5}]}]}
                """)
        #expect(
            try server.get("/api/v1/query_exemplars?query=a&start=16&end=20").text == #"{"status":"success","data":[]}"#
        )
        #expect(try server.get("/api/v1/query_exemplars?query=1").status == .noContent)
    }

    @Test(arguments: [
        ("/api/v1/format_query?query=a%20b", #"invalid parameter \"query\": 1:3: parse error: "#),
        (
            "/api/v1/parse_query",
            #"invalid parameter \"query\": unknown position: parse error: no expression found in input"#
        ),
        ("/api/v1/query_exemplars?query=a%20b", "1:3: parse error: "),
        ("/api/v1/query_exemplars?query=a&start=x", #"invalid parameter \"start\": "#),
        ("/api/v1/query_exemplars?query=a&start=2&end=1", "end timestamp must not be before start timestamp"),
        ("/api/v1/metadata?limit=x", "limit must be a number"),
        ("/api/v1/metadata?limit_per_metric=x", "limit_per_metric must be a number"),
        ("/api/v1/series?match%5B%5D=up&limit=-1", #"invalid parameter \"limit\": limit must be non-negative"#),
    ])
    func whatMakesNoSenseIsBadData(target: String, error: String) throws {
        let answer = try server().get(target)
        #expect(answer.status == .badRequest)
        #expect(
            answer.text.hasPrefix(#"{"status":"error","errorType":"bad_data","error":"\#(error)"#), "\(answer.text)")
    }

    @Test func metadataIsToldByFamily() throws {
        let server = try server()
        var batch = SampleBatch()
        batch.metadata = [
            MetricMetadata(family: "b", kind: .gauge, help: "B", unit: "bytes"),
            MetricMetadata(family: "a", kind: .counter, help: "A"),
        ]
        _ = try server.store.append(&batch)
        let a = #""a":[{"type":"counter","help":"A","unit":""}]"#
        let b = #""b":[{"type":"gauge","help":"B","unit":"bytes"}]"#
        func data(_ members: String...) -> String {
            #"{"status":"success","data":{\#(members.joined(separator: ","))}}"#
        }
        #expect(try server.get("/api/v1/metadata").text == data(a, b))
        #expect(try server.get("/api/v1/metadata?limit=-1").text == data(a, b))
        #expect(try server.get("/api/v1/metadata?limit=1").text == data(a))
        #expect(try server.get("/api/v1/metadata?limit=0").text == data())
        #expect(try server.get("/api/v1/metadata?limit_per_metric=1").text == data(a, b))
        #expect(try server.get("/api/v1/metadata?metric=b").text == data(b))
        #expect(try server.get("/api/v1/metadata?metric=c").text == data())
    }

    /// Prometheus' Go client sends the first and the last moment that Go knows where nobody names a range.
    @Test(arguments: [
        "start=-9223309901257974&end=9223309901257974", "start=-292273086-05-16T16:47:06Z",
        "end=292277025-08-18T07:12:54.999999999Z", "start=-Inf&end=%2BInf", "start=0.000&end=1e9",
        "start=1969-12-31T23:00:00-01:00",
    ])
    func momentsFarFromAnySampleAreTaken(range: String) throws {
        let server = try server()
        try server.load([("__name__", "up"), ("job", "a")], [(1000, 1)])
        let answer = try server.get("/api/v1/series?match%5B%5D=up&\(range)").text
        #expect(answer == #"{"status":"success","data":[{"__name__":"up","job":"a"}]}"#)
    }

    @Test func labelsWithNamesOfTheirOwnHaveValues() throws {
        let server = try server()
        try server.load([("__name__", "up"), ("my.label", "x"), ("a_b", "y"), ("日", "z")], [(1000, 1)])
        for (name, value) in [
            ("U__my_2e_label", "x"), ("my.label", "x"), ("a_b", "y"), ("U__a__b", "y"), ("U___65e5_", "z"),
            ("%E6%97%A5", "z"),
        ] {
            #expect(
                try server.get("/api/v1/label/\(name)/values").text == #"{"status":"success","data":["\#(value)"]}"#)
        }
        for name in ["U__my_2e", "U__my_+2e_label", "U__my_2e2e2e2e_label", "U__my_d800_label", "none"] {
            #expect(try server.get("/api/v1/label/\(name)/values").text == #"{"status":"success","data":[]}"#)
        }
    }
}

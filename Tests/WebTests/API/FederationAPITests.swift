import Encoding
import HTTP
import Model
import TestSupport
import Testing
import Web

struct FederationAPITests {
    private let nowMs: Int64 = 1_000_000_000_000

    private func server(external: [String: String] = [:]) throws -> APIServer {
        let time = ManualTime(wallMs: nowMs)
        let server = try APIServer { store, pool, router in
            FederationAPI(store: store, pool: pool, time: time) { ExternalLabels(external) }.add(to: &router)
        }
        try server.load([("__name__", "up"), ("instance", "a:1"), ("job", "x")], [(nowMs - 30_000, 0), (nowMs, 1)])
        try server.load([("__name__", "up"), ("job", "y")], [(nowMs - 299_000, 0.5), (nowMs + 1000, 7)])
        try server.load([("__name__", "load"), ("job", "x"), ("path", "a\"b\\\n")], [(nowMs - 1000, 1_234_567)])
        try server.load([("__name__", "gone"), ("job", "x")], [(nowMs - 9000, 1), (nowMs - 1000, StaleMarker.value)])
        try server.load([("__name__", "old"), ("job", "x")], [(nowMs - 301_000, 1)])
        return server
    }

    /// Names are sorted, each series comes once, and one without an instance says so.
    @Test func theNewestSamplesAreTextForAnotherPrometheus() throws {
        let answer = try server().get("/federate?match%5B%5D=up&match%5B%5D=%7Bjob%3D~%22x%7Cy%22%7D")
        #expect(answer.status == .ok)
        #expect(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
        #expect(
            answer.text == #"""
                # TYPE load untyped
                load{job="x",path="a\"b\\\n",instance=""} 1.234567e+06 999999999000
                # TYPE up untyped
                up{instance="a:1",job="x"} 1 1000000000000
                up{job="y",instance=""} 0.5 999999701000

                """#)
        #expect(try server().get("/federate").text == "")
        #expect(try server().get("/federate?match%5B%5D=nothing").text == "")
    }

    @Test func externalLabelsAreAddedWhereTheSeriesHasNone() throws {
        let answer = try server(external: ["region": "eu", "job": "z"]).get("/federate?match%5B%5D=up")
        #expect(
            answer.text == """
                # TYPE up untyped
                up{instance="a:1",job="x",region="eu"} 1 1000000000000
                up{job="y",instance="",region="eu"} 0.5 999999701000

                """)
    }

    @Test func aSelectorThatIsNoneIsRefused() throws {
        let answer = try server().get("/federate?match%5B%5D=up%7B")
        #expect(answer.status == .badRequest)
        #expect(answer.text.contains("parse error"))
    }

    @Test func namesThatTextCannotHoldAreQuotedOrEscaped() throws {
        let server = try server()
        try server.load([("__name__", "my.metric"), ("a.b", "c")], [(nowMs, 1)])
        let target = "/federate?match%5B%5D=%7B%22my.metric%22%7D"
        #expect(
            try server.get(target).text
                == "# TYPE my_metric untyped\nmy_metric{a_b=\"c\",instance=\"\"} 1 1000000000000\n")
        let accept = "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2"
        #expect(
            try server.get(target, [("Accept", accept)]).text
                == "# TYPE \"my.metric\" untyped\n{\"my.metric\",\"a.b\"=\"c\",instance=\"\"} 1 1000000000000\n")
    }

    private let histogram = NativeHistogram(
        schema: -53, sum: 12.5, counts: .integer(count: 10, zero: 0, positive: [3, 2, 5], negative: []),
        positiveSpans: [.init(offset: 0, length: 1), .init(offset: 1, length: 2)], customBounds: [0.5, 1, 2])

    /// Custom bounds become buckets of old; exponential ones have no text.
    @Test func histogramsWithCustomBoundsAreClassicInText() throws {
        let server = try server()
        try server.load([("__name__", "h"), ("job", "x")], nowMs, histogram)
        var exponential = histogram
        (exponential.schema, exponential.customBounds) = (0, [])
        try server.load([("__name__", "e"), ("job", "x")], nowMs, exponential)
        let text = try server.get("/federate?match%5B%5D=%7B__name__%3D~%22h%7Ce%22%7D").text
        #expect(
            text == """
                # TYPE h histogram
                h_bucket{job="x",instance="",le="0.5"} 3 1000000000000
                h_bucket{job="x",instance="",le="1"} 3 1000000000000
                h_bucket{job="x",instance="",le="2"} 5 1000000000000
                h_bucket{job="x",instance="",le="+Inf"} 10 1000000000000
                h_sum{job="x",instance=""} 12.5 1000000000000
                h_count{job="x",instance=""} 10 1000000000000

                """)
    }

    /// The module prometheus-client has the messages that every Prometheus reads.
    @Test func protobufCarriesExponentialHistogramsToo() throws {
        let server = try server()
        var exponential = histogram
        (exponential.schema, exponential.customBounds) = (2, [])
        try server.load([("__name__", "e"), ("job", "x")], nowMs, exponential)
        let accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
        let answer = try server.get(
            "/federate?match%5B%5D=e&match%5B%5D=up", [("Accept", accept + ",text/plain;q=0.5")])
        #expect(answer.field("content-type")?.hasPrefix("application/vnd.google.protobuf; proto=") == true)
        var stream = ProtobufReader(answer.body.span)
        var families: [String] = []
        while !stream.isAtEnd {
            var family = try stream.readMessage()
            while let tag = try family.nextTag() {
                switch tag {
                case .bytes(1): families.append(String(decoding: Array(try family.readBytes()), as: UTF8.self))
                case .varint(3): families.append("type \(try family.readVarint())")
                default: try family.skip(tag)
                }
            }
        }
        #expect(families == ["e", "type 4", "up", "type 3"])
    }
}

extension Array where Element == UInt8 {
    fileprivate init(_ span: Span<UInt8>) {
        self = []
        for index in span.indices { append(span[index]) }
    }
}

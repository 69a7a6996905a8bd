import Encoding
import HTTP
import Ingest
import Testing

@Suite("Spans by OTLP")
struct OTLPTracesTests {
    private let expected = [
        "service_name=shop,telemetry=traces 1795193400000000000 "
            + #"{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","#
            + #""parent_span_id":"00f067aa0ba902b6","name":"GET /","scope":"lib","kind":"server","duration_ns":1500,"#
            + #""status":"error","status_message":"no","attributes":{"http.status":500},"resource":{"host.name":"h1"},"#
            + #""events":[{"time_ns":1795193400000000500,"name":"retry","attributes":{"n":1}}]}"#
    ]

    @Test("become entries with their ids, duration, status and attributes, from protobuf")
    func takesProtobuf() throws {
        let fixture = try LogFixture()
        var writer = ProtobufWriter()
        let trace = try Hexadecimal.decode(Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8).span)
        let span = try Hexadecimal.decode(Array("00f067aa0ba902b7".utf8).span)
        let parent = try Hexadecimal.decode(Array("00f067aa0ba902b6".utf8).span)
        writer.message(1) { resourceSpans in
            resourceSpans.message(1) { resource in
                for (name, value) in [("service.name", "shop"), ("host.name", "h1")] {
                    resource.message(1) {
                        $0.string(1, name)
                        $0.message(2) { $0.string(1, value) }
                    }
                }
            }
            resourceSpans.message(2) { scope in
                scope.message(1) { $0.string(1, "lib") }
                scope.message(2) { message in
                    message.bytes(1, trace.span)
                    message.bytes(2, span.span)
                    message.bytes(4, parent.span)
                    message.string(5, "GET /")
                    message.varint(6, 2)
                    message.fixed64(7, 1_795_193_400_000_000_000)
                    message.fixed64(8, 1_795_193_400_000_001_500)
                    message.message(9) {
                        $0.string(1, "http.status")
                        $0.message(2) { $0.varint(3, 500) }
                    }
                    message.message(11) { event in
                        event.fixed64(1, 1_795_193_400_000_000_500)
                        event.string(2, "retry")
                        event.message(3) {
                            $0.string(1, "n")
                            $0.message(2) { $0.varint(3, 1) }
                        }
                    }
                    message.message(15) {
                        $0.string(2, "no")
                        $0.varint(3, 2)
                    }
                }
            }
        }
        let answer = try fixture.post("/v1/traces", writer.bytes, [("Content-Type", "application/x-protobuf")])
        #expect(answer.status == .ok)
        #expect(try fixture.entries() == expected)
    }

    @Test("become the same entries from JSON")
    func takesJSON() throws {
        let fixture = try LogFixture()
        let body = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
            {"key":"host.name","value":{"stringValue":"h1"}}]},"scopeSpans":[{"scope":{"name":"lib"},"spans":[
            {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","parentSpanId":"00f067aa0ba902b6",
            "name":"GET /","kind":2,"startTimeUnixNano":"1795193400000000000","endTimeUnixNano":"1795193400000001500",
            "attributes":[{"key":"http.status","value":{"intValue":"500"}}],"events":[{"timeUnixNano":
            "1795193400000000500","name":"retry","attributes":[{"key":"n","value":{"intValue":1}}]}],
            "status":{"code":2,"message":"no"}}]}]}]}
            """
        let answer = try fixture.post("/v1/traces", Array(body.utf8), [("Content-Type", "application/json")])
        #expect(answer.status == .ok && answer.text == "{}")
        #expect(try fixture.entries() == expected)
    }
}

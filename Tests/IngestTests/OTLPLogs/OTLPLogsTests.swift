import Encoding
import HTTP
import Ingest
import Testing

@Suite("Logs by OTLP")
struct OTLPLogsTests {
    private let json: [(name: String, value: String)] = [("Content-Type", "application/json")]
    private let protobuf: [(name: String, value: String)] = [("Content-Type", "application/x-protobuf")]

    /// What both forms of the export below become.
    private let expected = [
        "service_name=shop 1795193400000000001 order 7 placed host_name=h1 http_status=200 scope_name=lib "
            + "severity_number=9 severity_text=INFO span_id=00f067aa0ba902b7 trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        #"service_name=shop 1795193400000000002 {"a":[1,true,null],"d":0.5} host_name=h1 scope_name=lib"#,
    ]

    @Test("are taken as protobuf")
    func takesProtobuf() throws {
        let fixture = try LogFixture()
        func attribute(_ writer: inout ProtobufWriter, _ field: UInt32, _ name: String, _ value: String) {
            writer.message(field) {
                $0.string(1, name)
                $0.message(2) { $0.string(1, value) }
            }
        }
        let trace = try Hexadecimal.decode(Array("4bf92f3577b34da6a3ce929d0e0e4736".utf8).span)
        let span = try Hexadecimal.decode(Array("00f067aa0ba902b7".utf8).span)
        var writer = ProtobufWriter()
        writer.message(1) { resourceLogs in
            resourceLogs.message(2) { scopeLogs in
                scopeLogs.message(1) { $0.string(1, "lib") }
                scopeLogs.message(2) { record in
                    record.fixed64(1, 1_795_193_400_000_000_001)
                    record.varint(2, 9)
                    record.string(3, "INFO")
                    record.message(5) { $0.string(1, "order 7 placed") }
                    record.message(6) {
                        $0.string(1, "http.status")
                        $0.message(2) { $0.varint(3, 200) }
                    }
                    record.bytes(9, trace.span)
                    record.bytes(10, span.span)
                }
                scopeLogs.message(2) { record in
                    record.fixed64(11, 1_795_193_400_000_000_002)
                    record.message(5) { body in
                        body.message(6) { list in
                            list.message(1) {
                                $0.string(1, "a")
                                $0.message(2) { value in
                                    value.message(5) { array in
                                        array.message(1) { $0.varint(3, 1) }
                                        array.message(1) { $0.varint(2, 1) }
                                        array.message(1) { _ in }
                                    }
                                }
                            }
                            list.message(1) {
                                $0.string(1, "d")
                                $0.message(2) { $0.double(4, 0.5) }
                            }
                        }
                    }
                }
            }
            resourceLogs.message(1) { resource in
                attribute(&resource, 1, "service.name", "shop")
                attribute(&resource, 1, "host.name", "h1")
            }
        }
        let answer = try fixture.post("/v1/logs", writer.bytes, protobuf)
        #expect(answer.status == .ok && answer.text.isEmpty)
        #expect(try fixture.entries() == expected)
    }

    @Test("are taken as JSON, at Loki's address too")
    func takesJSON() throws {
        let fixture = try LogFixture()
        let body = """
            {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
            {"key":"host.name","value":{"stringValue":"h1"}}]},"scopeLogs":[{"scope":{"name":"lib"},"logRecords":[
            {"timeUnixNano":"1795193400000000001","severityNumber":9,"severityText":"INFO",
            "traceId":"4BF92F3577B34DA6A3CE929D0E0E4736","spanId":"00f067aa0ba902b7",
            "body":{"stringValue":"order 7 placed"},"attributes":[{"key":"http.status","value":{"intValue":"200"}}]},
            {"observedTimeUnixNano":"1795193400000000002","body":{"kvlistValue":{"values":[
            {"key":"a","value":{"arrayValue":{"values":[{"intValue":1},{"boolValue":true},{}]}}},
            {"key":"d","value":{"doubleValue":0.5}}]}}}]}]}]}
            """
        let answer = try fixture.post("/otlp/v1/logs", Array(body.utf8), json)
        #expect(answer.status == .ok && answer.text == "{}")
        #expect(try fixture.entries() == expected)
    }

    @Test("are refused where the body or its kind is wrong")
    func refusesFlaws() throws {
        let fixture = try LogFixture()
        #expect(try fixture.post("/v1/logs", [0x0a, 0xff], protobuf).status == .badRequest)
        #expect(try fixture.post("/v1/logs", Array("[]".utf8), json).status == .badRequest)
        #expect(try fixture.post("/v1/logs", Array("{}".utf8)).status == .unsupportedMediaType)
        #expect(try fixture.entries().isEmpty)
    }
}

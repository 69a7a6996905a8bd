import HTTP
import Ingest
import Testing

@Suite("Lines of JSON as logs")
struct LogLinesTests {
    @Test("keep each line whole, with the stream and the time that the parameters name")
    func keepsLines() throws {
        let fixture = try LogFixture()
        let lines = [
            #"{"service":"a","host":"h","ts":"2026-11-20T16:50:00.121768919Z","msg":"x"}"#,
            #"{"service":"b","ts":"1795193401060796659","n":{"k":1}}"#, #"{"ts":1795193402,"service":"b"}"#,
        ]
        let body = Array((lines.joined(separator: "\r\n") + "\n\n").utf8)
        #expect(
            try fixture.post("/insert/jsonline?_stream_fields=service,host&_time_field=ts", body).status == .noContent)
        #expect(
            try fixture.entries() == [
                "host=h,service=a 1795193400121768919 \(lines[0])", "service=b 1795193401060796659 \(lines[1])",
                "service=b 1795193402000000000 \(lines[2])",
            ])
    }

    @Test("take the objects and say how many lines were none")
    func refusesOthers() throws {
        let fixture = try LogFixture()
        let (status, text) = try fixture.post("/insert/jsonline", Array("{\"a\":1}\nno json\n[1]\n".utf8))
        #expect(status == .badRequest && text.contains("2 lines"))
        #expect(try fixture.entries().map { $0.hasPrefix("source=jsonline ") && $0.hasSuffix(#" {"a":1}"#) } == [true])
    }

    @Test(
        "read times of any usual unit",
        arguments: [
            ("2026-11-20T16:50:00Z", 1_795_193_400_000_000_000), ("1795193400", 1_795_193_400_000_000_000),
            ("1795193400123", 1_795_193_400_123_000_000), ("1795193400123456", 1_795_193_400_123_456_000),
            ("1795193400123456789", 1_795_193_400_123_456_789), ("1795193400.5", 1_795_193_400_500_000_000),
            ("2026-11-20T17:50:00.123456+01:00", 1_795_193_400_123_456_000),
        ] as [(String, Int64)])
    func readsTimes(text: String, ns: Int64) {
        #expect(LogTime.ns(Array(text.utf8)) == ns)
    }
}

import Encoding
import HTTP
import Ingest
import Testing

@Suite("Firehose deliveries")
struct FirehoseTests {
    private func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        Base64.standard.encode(bytes.span, appendingTo: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func post(_ fixture: LogFixture, _ records: [[UInt8]]) throws -> (status: Status, text: String) {
        let list = records.map { "{\"data\":\"\(base64($0))\"}" }.joined(separator: ",")
        return try fixture.post(
            "/insert/firehose", Array("{\"requestId\":\"r1\",\"timestamp\":1795193400000,\"records\":[\(list)]}".utf8),
            [
                ("X-Amz-Firehose-Request-Id", "r1"),
                ("X-Amz-Firehose-Common-Attributes", #"{"commonAttributes":{"env":"prod"}}"#),
            ])
    }

    @Test("of a CloudWatch subscription become the events in them, with group and stream as labels")
    func takesCloudWatch() throws {
        let fixture = try LogFixture()
        let message = """
            {"messageType":"DATA_MESSAGE","owner":"123","logGroup":"/aws/lambda/f","logStream":"s1","logEvents":[
            {"id":"1","timestamp":1795193400001,"message":"one"},{"id":"2","timestamp":1795193400002,"message":"two"}]}
            """
        var gzip: [UInt8] = []
        var compressor = try GzipBodyCompressor()
        compressor.compress(Array(message.utf8).span, appendingTo: &gzip)
        let control = Array(#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL"}]}"#.utf8)
        let answer = try post(fixture, [gzip, control])
        #expect(answer.status == .ok)
        #expect(try JSONValue.parse(Array(answer.text.utf8).span)["requestId"]?.text == "r1")
        let labels = "env=prod,log_group=/aws/lambda/f,log_stream=s1,owner=123"
        #expect(
            try fixture.entries() == ["\(labels) 1795193400001000000 one", "\(labels) 1795193400002000000 two"])
    }

    @Test("of anything else become lines")
    func takesText() throws {
        let fixture = try LogFixture()
        #expect(try post(fixture, [Array("a b\nc\n".utf8)]).status == .ok)
        let labels = "env=prod,source=firehose 1795193400000000000"
        #expect(try fixture.entries() == ["\(labels) a b", "\(labels) c"])
    }

    @Test("that cannot be read are refused with the id of the request")
    func refusesFlaws() throws {
        let fixture = try LogFixture()
        for body in ["{", "{}", #"{"records":[{"data":"*"}]}"#, #"{"records":[{}]}"#] {
            let answer = try fixture.post(
                "/insert/firehose", Array(body.utf8), [("X-Amz-Firehose-Request-Id", "r2")])
            let json = try JSONValue.parse(Array(answer.text.utf8).span)
            #expect(answer.status == .badRequest && json["requestId"]?.text == "r2" && json["errorMessage"] != nil)
        }
    }
}

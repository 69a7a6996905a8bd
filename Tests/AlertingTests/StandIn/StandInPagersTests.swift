import Encoding
import HTTP
import Model
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Alerting

/// What the real services document that they take and refuse.
@Suite struct StandInPagersTests {
    private static func parse(_ json: String) throws -> JSONValue { try JSONValue.parse(Array(json.utf8).span) }

    /// The example of PagerDuty's reference of the Events API v2, with a key of the right length.
    private static let event = """
        {"payload": {"summary": "Example alert on host1.example.com", "timestamp": "2015-07-17T08:42:58.315+0000",
          "source": "monitoringtool:host1", "severity": "info", "component": "postgres", "group": "prod-datapipe",
          "class": "deploy", "custom_details": {"ping time": "1500ms", "load avg": 0.75}},
        "routing_key": "samplekeyhere1234567890123456789", "dedup_key": "samplekeyhere",
        "images": [{"src": "https://example.com/a.png", "href": "https://example.com/", "alt": "logo"}],
        "links": [{"href": "https://example.com/", "text": "Link text"}],
        "event_action": "trigger", "client": "Sample Monitoring Service", "client_url": "https://monitoring.example.com"}
        """

    @Test(arguments: [
        ("", ""), ("\"severity\": \"info\"", "\"severity\": \"page\""), ("\"summary\"", "\"summery\""),
        ("\"event_action\": \"trigger\"", "\"event_action\": \"fire\""), ("samplekeyhere1234567890123456789", "short"),
        ("\"src\": \"https://example.com/a.png\", ", ""), ("\"alt\": \"logo\"", "\"alt\": 7"),
        ("https://monitoring.example.com", "monitoring"), ("{\"ping time\": \"1500ms\", \"load avg\": 0.75}", "\"x\""),
    ])
    func anEventIsRefusedForEachFieldThatIsNotAsDocumented(_ old: String, _ new: String) throws {
        let text = old.isEmpty ? Self.event : Self.event.split(separator: old, maxSplits: 1).joined(separator: new)
        let faults = PagerDutyRules.faults(ofVersion2: try Self.parse(text))
        #expect(faults.isEmpty == old.isEmpty, "\(faults)")
    }

    @Test func aResolutionNeedsTheKeyAndNothingElse() throws {
        let key = String(repeating: "k", count: 32)
        let good = try Self.parse(#"{"routing_key": "\#(key)", "event_action": "resolve", "dedup_key": "d"}"#)
        #expect(PagerDutyRules.faults(ofVersion2: good).isEmpty)
        let bad = try Self.parse(#"{"routing_key": "\#(key)", "event_action": "resolve"}"#)
        #expect(PagerDutyRules.faults(ofVersion2: bad) == ["event.dedup_key is missing"])
    }

    @Test(arguments: [
        (#"{"text": "hello"}"#, 0), (#"{}"#, 1), (#"{"text": 7}"#, 2),
        (##"{"attachments": [{"color": "#36a64f", "fields": [{"title": "a", "value": "b", "short": true}]}]}"##, 0),
        (#"{"attachments": [{"colour": "good"}]}"#, 1), (#"{"attachments": [{"color": "red"}]}"#, 1),
        (#"{"attachments": [{"fields": [{"title": "a", "short": "yes"}]}]}"#, 1),
        (#"{"attachments": [{"actions": [{"type": "button", "text": "t", "url": "https://x"}]}]}"#, 0),
        (#"{"attachments": [{"actions": [{"type": "button", "text": "t"}]}]}"#, 1),
        (#"{"attachments": [{"mrkdwn_in": "text"}]}"#, 1),
    ])
    func aMessageOfSlackIsRefusedForEachFieldThatIsNotAsDocumented(_ json: String, _ count: Int) throws {
        let faults = SlackRules.faults(of: try Self.parse(json), isAPI: false, updates: false)
        #expect(faults.count == count, "\(faults)")
    }

    @Test func itAnswersAsTheServicesDo() throws {
        var options = StandInPagers.Options()
        options.slackToken = "t0k"
        let (pagers, server, url) = try Self.serve(options)
        defer { server.stop(drainingAtMostNs: 0) }
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        func post(_ path: String, _ body: String, token: String = "") throws -> (status: Int, body: String) {
            var request = ClientRequest(.post, url + path)
            request.body = Array(body.utf8)
            if !token.isEmpty { request.fields = [("Authorization", "Bearer \(token)")] }
            let response = try client.answer(to: request)
            return (response.status.rawValue, String(decoding: response.body, as: UTF8.self))
        }
        #expect(try post("/services/T/B/x", #"{"text": "a"}"#) == (200, "ok"))
        #expect(try post("/services/T", #"{"text": "a"}"#) == (404, "no_service"))
        #expect(try post("/services/T/B/x", "{") == (400, "invalid_payload"))
        let message = #"{"channel": "C1", "text": "a"}"#
        #expect(try post("/api/chat.postMessage", message).body.contains("not_authed"))
        #expect(try post("/api/chat.postMessage", message, token: "bad").body.contains("invalid_auth"))
        let posted = try Self.parse(try post("/api/chat.postMessage", message, token: "t0k").body)
        let moment = try #require(posted["ts"]?.text)
        let update = #"{"channel": "C1", "ts": "\#(moment)", "text": "b"}"#
        #expect(try post("/api/chat.update", update, token: "t0k").body.contains(moment))
        let lost = #"{"channel": "C1", "ts": "9.9", "text": "b"}"#
        #expect(try post("/api/chat.update", lost, token: "t0k").body.contains("message_not_found"))
        #expect(try post("/v2/enqueue", Self.event).status == 202)
        #expect(try post("/v2/enqueue", "{}").status == 400)
        #expect(pagers.pages.map(\.action) == ["post", "post", "update", "trigger"])
        #expect(pagers.pages.map(\.title) == ["a", "a", "b", "Example alert on host1.example.com"])
    }

    @Test func whatIsToGoWrongDoes() throws {
        var options = StandInPagers.Options()
        options.trouble = { number in
            switch number {
            case 1: .rateLimited(seconds: 7)
            case 2: .failing
            case 3: .silent
            case 4: .slow(ms: 10)
            default: nil
            }
        }
        let (pagers, server, url) = try Self.serve(options)
        defer { server.stop(drainingAtMostNs: 0) }
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        var request = ClientRequest(.post, url + "/services/T/B/x")
        request.body = Array(#"{"text": "a"}"#.utf8)
        let limited = try client.answer(to: request)
        #expect(limited.status.rawValue == 429 && limited.field("retry-after") == "7")
        #expect(try client.answer(to: request).status.rawValue == 500)
        request.timeoutNs = 200_000_000
        #expect(throws: ClientError.self) { try client.answer(to: request) }
        request.timeoutNs = 20_000_000_000
        #expect(pagers.pages.isEmpty)
        #expect(try client.answer(to: request).status.rawValue == 200)
        #expect(pagers.pages.count == 1)
    }

    private static func serve(_ options: StandInPagers.Options) throws -> (StandInPagers, Server, String) {
        let pagers = StandInPagers(options)
        var router = Router()
        pagers.add(to: &router)
        let server = try Server(router: router, registry: Registry())
        try server.start()
        return (pagers, server, "http://\(try server.listen(on: .loopback(port: 0)))")
    }
}

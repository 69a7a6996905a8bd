import Encoding
import Foundation
import HTTP
import Posix
import Testing
import Web

@Suite struct LokiTailTests {
    /// What a stream of events has brought so far.
    private final class Events: Sendable {
        private let text = Monitor("")

        func add(_ bytes: Span<UInt8>) {
            let piece = bytes.indices.map { bytes[$0] }
            text.withLock { $0 += String(decoding: piece, as: UTF8.self) }
            text.wakeAll()
        }

        /// The lines of all events, once there are so many.
        func lines(_ count: Int) -> [String] {
            text.wait(atMostNs: 20_000_000_000) { text -> [String]? in
                let lines = Self.lines(text)
                return lines.count >= count ? lines : nil
            } ?? text.withLock { Self.lines($0) }
        }

        private static func lines(_ text: String) -> [String] {
            var lines: [String] = []
            let complete = text.hasSuffix("\n\n") ? text[...] : text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
            for event in complete.split(separator: "\n") where event.hasPrefix("data: ") {
                let root = try? JSONValue.parse(Array(event.dropFirst(6).utf8).span)  // half an event is none yet
                for stream in root?["streams"]?.elements ?? [] {
                    lines += (stream["values"]?.elements ?? []).compactMap { $0.elements?[1].text }
                }
            }
            return lines
        }
    }

    @Test func eventsBringWhatWasThereAndWhatComesEachOnceInOrder() throws {
        let server = try LokiServer()
        let base: Int64 = 1_700_000_000_000_000_000
        try server.load([("app", "a")], (0..<3).map { (base + $0, "line \($0)") })
        let events = Events()
        let reader = try OwnedThread(name: "events") { [address = server.address, client = server.client] in
            let query = PercentEncoding.encode(#"{app="a"} != "hidden""#)
            var request = ClientRequest(.get, "http://\(address)/loki/api/v1/tail?query=\(query)&start=1")
            request.fields = [("Accept", "text/event-stream")]
            request.acceptsGzip = false
            request.receive = { bytes in
                events.add(bytes)
                return true
            }
            _ = try? client.answer(to: request)  // it ends with the server
        }
        #expect(events.lines(3) == ["line 0", "line 1", "line 2"])
        for number in 3..<200 {
            try server.load([("app", "a")], [(base + Int64(number), "line \(number)"), (base, "hidden")])
            try server.load([("app", "b")], [(base, "of another stream")])
        }
        #expect(events.lines(200) == (0..<200).map { "line \($0)" })
        server.hub.stop()
        reader.join()
    }

    @Test func onlyLinesCanBeFollowed() throws {
        let answer = try LokiServer().get("/loki/api/v1/tail", [("query", #"rate({app="a"}[5m])"#)])
        #expect(answer.status == 400)
        #expect(answer.text == "only log queries can be tailed\n")
        let late = try LokiServer().get("/loki/api/v1/tail", [("query", #"{app="a"}"#), ("delay_for", "9")])
        #expect(late.text == "delay_for can't be greater than 5\n")
    }
}

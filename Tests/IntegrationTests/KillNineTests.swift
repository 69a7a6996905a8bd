import Encoding
import Foundation
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

/// A collector that is killed while it takes samples over HTTP, flushes and merges: what it had acknowledged is there
/// afterwards, once, and nothing else than what was sent. OBS_HTTP_KILLS says how often; a proof does it 200 times.
@Suite struct KillNineTests {
    private static let writers = 3
    private static let seriesOfWriter = 25
    private static let kills = ProcessInfo.processInfo.environment["OBS_HTTP_KILLS"].flatMap { Int($0) } ?? 6

    /// Then the data begins anew, or reading everything back after each kill would take longer and longer.
    private static let killsOfFolder = 10

    /// What one writer has sent: request n brings the value n to each of its series, at the n-th second.
    private struct Sent {
        var acknowledged: Set<Int> = []
        /// On their way when the collector was killed.
        var doubtful: Set<Int> = []
        var next = 1
    }

    @Test func everyAcknowledgedSampleIsThereOnceAndNoneIsInvented() throws {
        var random = SeededGenerator.announced()
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        var folder = try TemporaryFolder()
        var sent = Lock([Sent](repeating: Sent(), count: Self.writers))
        for kill in 1...Self.kills {
            if kill % Self.killsOfFolder == 0 {
                folder = try TemporaryFolder()
                sent = Lock([Sent](repeating: Sent(), count: Self.writers))
            }
            let obs = try RunningObs(data: folder.path)
            try load(obs, sent, client, forMs: .random(in: 5...250, using: &random))
            #expect(try obs.waitForExit() == -SIGKILL)
            let again = try RunningObs(data: folder.path)
            try check(again.address, sent.withLock { $0 }, client, "after kill \(kill)")
            #expect(try again.end(with: SIGKILL) == -SIGKILL)
            let acknowledged = sent.withLock { $0.map(\.acknowledged.count) }
            #expect(acknowledged.reduce(0, +) > 0, "nothing was taken \(kill)")
        }
    }

    /// Sends from several threads, while another one makes the collector flush, and kills it in the middle. (Cleaning
    /// begins with a flush, also where nothing was deleted.)
    private func load(_ obs: RunningObs, _ sent: Lock<[Sent]>, _ client: HTTPClient, forMs milliseconds: Int) throws {
        let isOver = Lock(false)
        var threads: [OwnedThread] = []
        let address = obs.address
        for writer in 0..<Self.writers {
            threads.append(
                try OwnedThread(name: "writer-\(writer)") {
                    while !isOver.withLock({ $0 }) { Self.send(writer, to: address, sent, client) }
                })
        }
        threads.append(
            try OwnedThread(name: "flusher") {
                while !isOver.withLock({ $0 }) {
                    let request = ClientRequest(.post, "http://\(address)/api/v1/admin/tsdb/clean_tombstones")
                    _ = try? client.answer(to: request)  // its end is what the test is about
                }
            })
        Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
        kill(obs.process.processIdentifier, SIGKILL)
        isOver.withLock { $0 = true }
        for thread in threads { thread.join() }
    }

    private static func send(_ writer: Int, to address: String, _ sent: Lock<[Sent]>, _ client: HTTPClient) {
        let number = sent.withLock { sent in
            defer { sent[writer].next += 1 }
            sent[writer].doubtful.insert(sent[writer].next)
            return sent[writer].next
        }
        var request = ClientRequest(.post, "http://\(address)/api/v1/write")
        request.body = body(writer, number)
        request.fields = [("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf")]
        let answer = try? client.answer(to: request)  // without one it stays in doubt
        guard answer?.status == .noContent else { return }
        sent.withLock { sent in
            sent[writer].doubtful.remove(number)
            sent[writer].acknowledged.insert(number)
        }
    }

    private static func body(_ writer: Int, _ number: Int) -> [UInt8] {
        var message = ProtobufWriter()
        for series in 0..<seriesOfWriter {
            message.message(1) { fields in
                for (name, value) in [("__name__", "killed"), ("series", "\(series)"), ("writer", "\(writer)")] {
                    fields.message(1) { label in
                        label.string(1, name)
                        label.string(2, value)
                    }
                }
                fields.message(2) { sample in
                    sample.double(1, Double(number))
                    sample.varint(2, UInt64(number * 1000))
                }
            }
        }
        var body: [UInt8] = []
        #expect(throws: Never.self) { try Snappy.compress(message.bytes.span, appendingTo: &body) }
        return body
    }

    /// Holds what an export gives against what was sent.
    private func check(_ address: String, _ sent: [Sent], _ client: HTTPClient, _ when: String) throws {
        var request = ClientRequest(.get, "http://\(address)/api/v1/export?match%5B%5D=killed")
        request.answerBytesMax = 1 << 30
        let answer = try client.answer(to: request)
        #expect(answer.status == .ok)
        var found: [[String: [Int: Int]]] = .init(repeating: [:], count: Self.writers)
        for line in String(decoding: answer.body, as: UTF8.self).split(separator: "\n") {
            let json = try JSONValue.parse(Array(line.utf8).span)
            let writer = try #require(json["metric"]?["writer"]?.text.flatMap { Int($0) })
            let series = try #require(json["metric"]?["series"]?.text)
            let values = try #require(json["values"]?.elements).map { $0.int ?? -1 }
            let times = try #require(json["timestamps"]?.elements).map { $0.int ?? -1 }
            for (value, time) in zip(values, times) {
                #expect(time == value * 1000, "\(when): \(line)")
                found[writer][series, default: [:]][value, default: 0] += 1
            }
        }
        for (writer, sent) in sent.enumerated() where !sent.acknowledged.isEmpty {
            #expect(found[writer].count == Self.seriesOfWriter, "\(when)")
            for (series, counts) in found[writer] {
                let missing = sent.acknowledged.subtracting(counts.keys)
                #expect(missing.isEmpty, "\(when): series \(series) of writer \(writer) lacks \(missing.sorted())")
                let invented = Set(counts.keys).subtracting(sent.acknowledged).subtracting(sent.doubtful)
                #expect(invented.isEmpty, "\(when): series \(series) of writer \(writer) has \(invented.sorted())")
                #expect(counts.values.allSatisfy { $0 == 1 }, "\(when): series \(series) has a sample twice")
            }
        }
    }
}

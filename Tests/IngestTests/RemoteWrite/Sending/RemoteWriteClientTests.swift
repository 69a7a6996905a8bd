import HTTP
import Ingest
import Posix
import Telemetry
import Testing

struct RemoteWriteClientTests {
    /// A receiver that answers as it is told, one status after the other, the last one for ever.
    private final class Receiver {
        struct Seen: Sendable {
            var bodies: [[UInt8]] = []
            var fields: [[String: String]] = []
        }

        let seen = Lock(Seen())
        let client: HTTPClient
        let url: String
        private let server: Server

        init(_ answers: [(status: Int, fields: [(String, String)])]) throws {
            var router = Router()
            let seen = seen
            router.post("/write", role: nil) { request, response in
                let body = request.body.indices.map { request.body[$0] }
                var fields: [String: String] = [:]
                for name in [
                    "content-type", "content-encoding", "x-prometheus-remote-write-version", "retry-attempt",
                    "x-tenant",
                ] {
                    fields[name] = request.headerText(name)
                }
                let place = seen.withLock { [fields] in
                    $0.bodies.append(body)
                    $0.fields.append(fields)
                    return $0.bodies.count - 1
                }
                let answer = answers[min(place, answers.count - 1)]
                response.status = Status(rawValue: answer.status)
                for (name, value) in answer.fields { response.fields.append(name, value) }
                response.send("no room\nhere", contentType: "text/plain")
            }
            server = try Server(ServerOptions(), router: router, registry: Registry())
            try server.start()
            url = "http://\(try server.listen(on: .loopback(port: 0)))/write"
            client = HTTPClient("test", registry: Registry())
        }

        deinit {
            client.stop()
            server.stop(drainingAtMostNs: 0)
        }

        func sender(_ change: (inout RemoteWriteDestination) -> Void = { _ in }) -> RemoteWriteClient {
            var destination = RemoteWriteDestination(url)
            destination.backoffMinMs = 1
            destination.backoffMaxMs = 2
            change(&destination)
            return RemoteWriteClient(destination, client: client)
        }
    }

    @Test func whatIsTakenIsSentOnce() throws {
        let receiver = try Receiver([(204, [])])
        #expect(receiver.sender().deliver([1, 2, 3]) == .delivered(written: nil))
        let seen = receiver.seen.withLock { $0 }
        #expect(seen.bodies == [[1, 2, 3]])
        #expect(
            seen.fields == [
                [
                    "content-type": "application/x-protobuf", "content-encoding": "snappy",
                    "x-prometheus-remote-write-version": "0.1.0",
                ]
            ])
    }

    @Test func version2SaysItsNameAndHearsWhatWasWritten() throws {
        let prefix = "X-Prometheus-Remote-Write-"
        let receiver = try Receiver([
            (
                200,
                [
                    (prefix + "Samples-Written", "3"), (prefix + "Histograms-Written", "2"),
                    (prefix + "Exemplars-Written", "1"),
                ]
            )
        ])
        let sender = receiver.sender {
            $0.message = .version2
            $0.headers = ["X-Tenant": "a"]
        }
        guard case .delivered(let written?) = sender.deliver([9]) else {
            Issue.record("nothing is said to be written")
            return
        }
        #expect([written.samples, written.histograms, written.exemplars] == [3, 2, 1])
        let fields = try #require(receiver.seen.withLock { $0.fields.first })
        #expect(fields["content-type"] == "application/x-protobuf;proto=io.prometheus.write.v2.Request")
        #expect(fields["x-prometheus-remote-write-version"] == "2.0.0")
        #expect(fields["x-tenant"] == "a")
    }

    @Test func errorsOfTheServerAreTriedAgainWithTheSameBody() throws {
        let receiver = try Receiver([(503, []), (500, []), (429, [("Retry-After", "0")]), (204, [])])
        var failures: [String] = []
        let outcome = receiver.sender { $0.retriesTooManyRequests = true }.deliver([5]) {
            failures.append($0)
            return true
        }
        #expect(outcome == .delivered(written: nil))
        #expect(failures.first == "\(receiver.url) answers 503 Service Unavailable: no room")
        let seen = receiver.seen.withLock { $0 }
        #expect(seen.bodies == [[5], [5], [5], [5]])
        #expect(seen.fields.map { $0["retry-attempt"] } == [nil, "1", "2", "3"])
    }

    @Test(arguments: [400, 404, 413, 429])
    func refusalsAreForGood(status: Int) throws {
        let receiver = try Receiver([(status, [])])
        guard case .refused(let sentence, nil) = receiver.sender().deliver([5]) else {
            Issue.record("\(status) was not a refusal")
            return
        }
        #expect(sentence.contains("answers \(status)") && sentence.hasSuffix(": no room"))
        #expect(receiver.seen.withLock { $0.bodies.count } == 1)
    }

    @Test func retryAfterIsHonoured() throws {
        let receiver = try Receiver([(503, [("Retry-After", "1")]), (204, [])])
        let time = SystemTime()
        let startedNs = time.monotonicNs
        #expect(receiver.sender().deliver([5]) == .delivered(written: nil))
        #expect(time.monotonicNs - startedNs >= 1_000_000_000)
    }

    @Test func nobodyWaitsForAReceiverThatIsNotThereAfterTheStop() throws {
        let receiver = try Receiver([(503, [("Retry-After", "300")])])
        let sender = receiver.sender()
        let outcome = sender.deliver([5]) { _ in
            sender.stop()
            return true
        }
        #expect(outcome == .abandoned)
        #expect(sender.deliver([6]) == .abandoned)
        #expect(receiver.seen.withLock { $0.bodies } == [[5]])
    }
}

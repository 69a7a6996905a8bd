import Encoding
import HTTP
import Posix
import Telemetry

/// Tells collectors at an interval that this agent lives, and at its end that it goes on purpose: one that falls silent
/// otherwise is shown by its name.
final class Heartbeat: Sendable {
    private enum Limits {
        static let timeoutNs: Int64 = 5_000_000_000
    }

    private let destinations: [DestinationOptions]
    private let spool: Spool
    private let labels: [String: String]
    private let intervalMs: Int64
    private let client: HTTPClient
    private let failures: Counter
    private let stopping = Monitor(false)
    private let thread = Lock<OwnedThread?>(nil)

    /// - Parameter labels: by which the lines of this agent are found.
    init(
        _ destinations: [DestinationOptions], _ spool: Spool, labels: [String: String], everyMs intervalMs: Int64,
        client: HTTPClient, registry: Registry
    ) {
        (self.destinations, self.spool, self.labels) = (destinations, spool, labels)
        (self.intervalMs, self.client) = (intervalMs, client)
        failures = registry.counter(
            "obs_agent_heartbeat_failures_total", "Heartbeats that did not reach their collector.")
    }

    func start() throws(SystemError) {
        let started = try OwnedThread(name: "heartbeat") { [self] in
            repeat {
                send(hasEnded: false)
            } while stopping.wait(
                atMostNs: intervalMs * 1_000_000, until: { $0 ? true : nil }) == nil
        }
        thread.withLock { $0 = started }
    }

    /// Says goodbye and ends.
    func stop() {
        stopping.withLock { $0 = true }
        stopping.wakeAll()
        thread.withLock { $0 }?.join()
        let answered = Monitor(0)
        send(hasEnded: true) {
            answered.withLock { $0 += 1 }
            answered.wakeAll()
        }
        _ = answered.wait(atMostNs: Limits.timeoutNs / 5) { $0 == self.destinations.count ? true : nil }
    }

    private func send(hasEnded: Bool, done: @escaping @Sendable () -> Void = {}) {
        for (destination, reader) in zip(destinations, spool.readers) {
            var request = ClientRequest(.post, destination.url + "/obs/v1/agents/heartbeat")
            request.options = destination.client
            request.timeoutNs = Limits.timeoutNs
            request.connectTimeoutNs = Limits.timeoutNs
            request.fields = [("Content-Type", "application/json")]
            request.body = body(pendingBytes: spool.pendingBytes(of: reader), hasEnded: hasEnded)
            client.send(request) { [failures] result in
                if case .success(let response) = result, response.status.rawValue / 100 == 2 {
                } else {
                    failures.add()
                }
                done()
            }
        }
    }

    private func body(pendingBytes: Int, hasEnded: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("agent", spool.sender)
        writer.name("labels")
        writer.beginObject()
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
        writer.endObject()
        writer.member("intervalMs", Int(intervalMs))
        writer.member("pendingBytes", pendingBytes)
        writer.member("hasEnded", hasEnded)
        writer.endObject()
        return writer.bytes
    }
}

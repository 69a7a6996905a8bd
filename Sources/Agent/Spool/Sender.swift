import HTTP
import Journal
import Posix
import Telemetry

/// Brings the records of a spool to one collector, in order, each until it was acknowledged.
final class Sender: Sendable {
    private enum Limits {
        /// How long the spool is waited for at a time.
        static let waitNs: Int64 = 1_000_000_000
        /// How long the last records may take after the end was asked for.
        static let graceNs: Int64 = 3_000_000_000
        static let reasonBytesMax = 256
    }

    private enum Outcome {
        case taken
        /// For good: the same would be refused again.
        case refused(String)
        case failed(RetryPolicy.Outcome, String)
    }

    private let options: DestinationOptions
    private let reader: SpoolReader
    private let spool: Spool
    private let client: HTTPClient
    private let log: Logger
    private let stopping: Monitor<Int64?>
    private let thread = Lock<OwnedThread?>(nil)
    private let time: any TimeSource
    private let retries = RetryPolicy(
        attemptsMax: .max, backoffMinNs: 100_000_000, backoffMaxNs: 10_000_000_000, retriesTooManyRequests: true)
    private let sent: Family<Counter>
    private let failures: Counter
    private let refused: Counter

    init(
        _ options: DestinationOptions, _ reader: SpoolReader, _ spool: Spool, client: HTTPClient, registry: Registry,
        log: Logger, time: any TimeSource = SystemTime()
    ) {
        (self.options, self.reader, self.spool, self.client) = (options, reader, spool, client)
        (self.log, self.time) = (log, time)
        stopping = Monitor(nil)
        sent = registry.counters(
            "obs_agent_sent_total", "Lines and samples that a collector has acknowledged.",
            labels: ["collector", "kind"])
        failures = registry.counters(
            "obs_agent_send_failures_total", "Attempts to send that failed and are made again.", labels: ["collector"]
        ).with(reader.name)
        refused = registry.counters(
            "obs_agent_refused_total", "Lines and samples that a collector will not take.", labels: ["collector"]
        ).with(reader.name)
    }

    func start() throws(SystemError) {
        let started = try OwnedThread(name: "sender") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Asks for the end: what the spool holds is still sent, for a moment and while the collector takes it.
    func end() {
        stopping.withLock { $0 = $0 ?? time.monotonicNs }
        stopping.wakeAll()
        spool.wake()
    }

    func join() { thread.withLock { $0 }?.join() }

    private var isStopping: Bool { stopping.withLock { $0 != nil } }
    private var isOverdue: Bool { stopping.withLock { $0.map { time.monotonicNs - $0 > Limits.graceNs } ?? false } }

    private func run() {
        while !isOverdue {
            let isLast = isStopping
            do {
                guard let (record, end) = try spool.next(for: reader, atMostNs: Limits.waitNs, unless: { isStopping })
                else {
                    if isLast { return }
                    continue
                }
                guard record.count == 0 || deliver(record) else { return }
                try spool.noteTaken(reader, upTo: end)
            } catch {
                log.error("the spool cannot be read", ["error": .error(error)])
                if stopping.wait(atMostNs: Limits.waitNs, until: { $0 }) != nil { return }
            }
        }
    }

    /// False where the end was asked for and the collector does not take it.
    private func deliver(_ record: SpoolRecord) -> Bool {
        var attempt = 1
        while true {
            switch send(record) {
            case .taken:
                sent.with(reader.name, record.kind == .logs ? "lines" : "samples").add(record.count)
                return true
            case .refused(let reason):
                refused.add(record.count)
                log.error(
                    "a collector refuses what it will never take",
                    ["collector": .text(reader.name), "reason": .text(reason)])
                return true
            case .failed(let outcome, let reason):
                failures.add()
                log.warning(
                    "a collector cannot be reached; the spool keeps what it is to get",
                    ["collector": .text(reader.name), "reason": .text(reason)])
                let delayNs = retries.delayNs(after: outcome, attempt: attempt, random: .random(in: 0...1))
                attempt += 1
                if stopping.wait(atMostNs: delayNs ?? Limits.waitNs, until: { $0 }) != nil { return false }
            }
        }
    }

    private func send(_ record: SpoolRecord) -> Outcome {
        switch answer(to: request(record)) {
        case .failure(let error):
            return .failed(.failure(error.reason == .cancelled ? .connect : error.reason), error.sentence)
        case .success(let response):
            let code = response.status.rawValue
            if code / 100 == 2 { return .taken }
            let text = String(decoding: response.body.prefix(Limits.reasonBytesMax), as: UTF8.self)
            let reason = "\(options.url) answers \(code) \(response.status.reason): \(text)"
            // A token that is wrong or a path that is missing can be put right, and what was read is not lost meanwhile.
            let isPassing = code >= 500 || [401, 403, 404, 408, 429].contains(code)
            guard isPassing else { return .refused(reason) }
            return .failed(.answer(response.status, retryAfter: response.field("retry-after")), reason)
        }
    }

    private func request(_ record: SpoolRecord) -> ClientRequest {
        let path = record.kind == .logs ? "/loki/api/v1/push" : "/api/v1/write"
        var request = ClientRequest(.post, options.url + path)
        request.body = record.body
        request.options = options.client
        request.timeoutNs = options.timeoutMs * 1_000_000
        request.connectTimeoutNs = min(request.connectTimeoutNs, request.timeoutNs)
        request.fields = [("Content-Type", "application/x-protobuf"), ("X-Obs-Agent", spool.sender)]
        switch record.kind {
        case .logs: request.fields.append(("X-Obs-Batch", "\(spool.sender):\(record.sequence)"))
        case .metrics:
            request.fields += [("Content-Encoding", "snappy"), ("X-Prometheus-Remote-Write-Version", "0.1.0")]
        }
        return request
    }

    /// Waits for the answer, after the end was asked for only a while.
    private func answer(to request: ClientRequest) -> Result<ClientResponse, ClientError> {
        let cancellation = Cancellation()
        let waiting = Monitor<Result<ClientResponse, ClientError>?>(nil)
        client.send(request, cancellation: cancellation) { result in
            waiting.withLock { $0 = result }
            waiting.wakeAll()
        }
        while true {
            if let result = waiting.wait(atMostNs: Limits.graceNs / 10, until: { $0 }) { return result }
            if isOverdue {
                cancellation.raise()
                client.wake()
            }
        }
    }
}

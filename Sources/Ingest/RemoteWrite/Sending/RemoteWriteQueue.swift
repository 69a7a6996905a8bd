import Encoding
import HTTP
import Model
import Posix
import Storage
import Synchronization
import Telemetry

/// Sends what a feed brings to one receiver, in rounds: as much is read as the shards take at once, each shard sends its
/// series' samples in their order, and when all of it is taken or refused for good the place in the feed is written down.
/// So nothing is left out and nothing sent twice, however long the receiver is away, and a crash repeats one round at most.
final class RemoteWriteQueue: Sendable {
    /// How long the round under way may take once the end was asked for.
    private static let graceNs: Int64 = 5_000_000_000

    let options: RemoteWriteOptions
    let identity: RemoteWriteIdentity
    let source: RemoteWriteSource
    let client: RemoteWriteClient
    let metrics: RemoteWriteMetrics
    let log: Logger
    let isStopping = Atomic<Bool>(false)
    let state = Monitor(State())
    private let thread = Lock<OwnedThread?>(nil)

    struct State: Sendable {
        var isEnded = false
        var lastFailure: String?
        var lastSentNs: Int64?
        var position = FeedPosition(0)
    }

    init(
        _ options: RemoteWriteOptions, _ identity: RemoteWriteIdentity, _ source: RemoteWriteSource,
        client: HTTPClient, log: Logger
    ) {
        (self.options, self.identity, self.source, self.log) = (options, identity, source, log)
        self.client = RemoteWriteClient(RemoteWriteDestination(options), client: client, time: source.time)
        metrics = RemoteWriteMetrics(source.registry, name: identity.name, url: identity.shownURL, options.queue)
    }

    /// Begins to send, from where the receiver's file says, or with what comes from now on where it is new.
    func start() throws(SystemError) {
        let file = try PositionFile(source.path(of: identity), in: source.files)
        let begin = min(file.found ?? source.newest, source.newest)
        source.feed.keep(from: begin, for: identity.key)
        state.withLock { $0.position = begin }
        let sender = RemoteWriteSender(self, begin, file)
        let started = try OwnedThread(name: "remote-write") { sender.run() }
        thread.withLock { $0 = started }
    }

    /// Lets the round under way end for a while, then ends.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        _ = state.wait(atMostNs: Self.graceNs) { $0.isEnded ? true : nil }
        client.stop()
        thread.withLock { $0?.join() }
    }

    /// For people to look at.
    var status: RemoteWriteStatus {
        let state = state.withLock { $0 }
        let end = source.feed.end.value
        return RemoteWriteStatus(
            name: identity.name, url: identity.shownURL, shards: metrics.shards.current,
            pending: metrics.samplesPending.current, sent: Int(metrics.sent.samples.total),
            failed: Int(metrics.failed.samples.total), retried: Int(metrics.retried.samples.total),
            backlogBytes: end > state.position.value ? Int(end - state.position.value) : 0,
            lastSentMs: state.lastSentNs.map { $0 / 1_000_000 }, lastFailure: state.lastFailure)
    }
}

/// Requests, on whichever thread sends them.
extension RemoteWriteQueue {
    /// - Returns: false where the end was asked for.
    func send(_ request: Int, of load: ShardLoad, _ families: MetricFamilies) -> Bool {
        while true {
            let counts = load.counts(of: request)
            guard counts.total > 0, let body = encoded(load, request, families) else { return true }
            let startedNs = source.time.monotonicNs
            let outcome = client.deliver(body) { failure in
                note(failure: failure)
                metrics.retried.add(counts)
                return !isTooOld(load, request)
            }
            metrics.duration.observe(Int(source.time.monotonicNs - startedNs))
            switch outcome {
            case .delivered:
                metrics.sent.add(counts)
                metrics.bytes.add(body.count)
                state.withLock { [source] in
                    $0.lastSentNs = source.time.wallNs
                    $0.lastFailure = nil
                }
                return true
            case .refused(let sentence, let written):
                metrics.sent.add(counts)
                metrics.failed.add(counts.without(written))
                note(failure: sentence)
                log.error(
                    "samples are refused for good",
                    ["url": .text(identity.shownURL), "samples": .integer(counts.total), "reason": .text(sentence)])
                return true
            case .abandoned:
                if client.isStopping { return false }
                metrics.droppedAsOld.add(load.removeOld(of: request, before: ageLimitMs))
            }
        }
    }

    private var ageLimitMs: Int64 { source.time.wallMs - options.queue.ageMaxMs }

    /// Whether the request has samples that have become too old while the receiver was away.
    private func isTooOld(_ load: ShardLoad, _ request: Int) -> Bool {
        options.queue.ageMaxMs > 0 && load.oldestMs(of: request) < ageLimitMs
    }

    private func encoded(_ load: ShardLoad, _ request: Int, _ families: MetricFamilies) -> [UInt8]? {
        do throws(CompressionError) {
            return try load.encoder.encode(load.requests[request], as: options.message, families: families)
        } catch {
            log.error("samples cannot be sent", ["reason": .text("\(error)")])
            return nil
        }
    }

    func send(metadata batch: SampleBatch) {
        var encoder = WriteRequestEncoder()
        guard let body = try? encoder.encode(batch, as: .version1) else { return }  // only past 4 GiB
        let outcome = client.deliver(body) { failure in
            note(failure: failure)
            // The next time tells the same.
            return false
        }
        switch outcome {
        case .delivered:
            metrics.metadata.add(batch.metadata.count)
            metrics.metadataBytes.add(body.count)
        case .refused(let sentence, _):
            metrics.metadataFailed.add(batch.metadata.count)
            note(failure: sentence)
        case .abandoned: break
        }
    }

    func note(failure: String) {
        state.withLock { $0.lastFailure = failure }
        log.warning("samples wait", ["url": .text(identity.shownURL), "reason": .text(failure)])
    }
}

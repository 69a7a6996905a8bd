import Ingest
import Model
import Posix
import Storage
import Telemetry

/// Puts the pages of this host into the spool at an interval, as those of a target that is scraped: what is gone from them
/// is stale.
final class HostSamples: Sendable {
    private let thread: OwnedThread
    /// Whether the series end with it, once it is to stop.
    private let stopping: Monitor<Bool?>

    /// - Parameters:
    ///   - page: appends the page in the text format.
    ///   - labels: of every sample; a label that a sample has itself stays.
    ///   - ingest: the store is the spool's.
    init(
        everyMs intervalMs: Int64, labels: Labels, into ingest: IngestContext, log: Logger,
        time: any TimeSource = SystemTime(), page: @escaping @Sendable (inout [UInt8]) -> Void
    ) throws(SystemError) {
        let stopping = Monitor<Bool?>(nil)
        self.stopping = stopping
        let intake = MetricIntake("host", store: ingest.store, registry: ingest.registry)
        thread = try OwnedThread(name: "host-samples") {
            var pages = TargetPages(PageSettings(ownPagesOf: labels), intake, keySeed: ingest.keySeed)
            var bytes: [UInt8] = []
            var endsSeries: Bool?
            repeat {
                bytes.removeAll(keepingCapacity: true)
                let (atMs, startedNs) = (time.wallMs, time.monotonicNs)
                page(&bytes)
                Self.keep(log) { () throws(StorageError) in
                    try pages.take(bytes.span, .text, atMs: atMs) { time.monotonicNs - startedNs }.error
                }
                endsSeries = stopping.wait(atMostNs: intervalMs * 1_000_000) { $0 }
            } while endsSeries == nil
            guard endsSeries == true else { return }
            Self.keep(log) { () throws(StorageError) in
                // Behind every sample, those of this millisecond too.
                try pages.end(atMs: time.wallMs + 1)
                return nil
            }
        }
    }

    func stop(endsSeries: Bool) {
        stopping.withLock { $0 = endsSeries }
        stopping.wakeAll()
        thread.join()
    }

    /// - Parameter body: returns what is wrong with a page.
    private static func keep(_ log: Logger, _ body: () throws(StorageError) -> String?) {
        var problem: String?
        do throws(StorageError) {
            problem = try body()
        } catch {
            problem = "\(error)"
        }
        if let problem { log.warning("samples of the host are not kept", ["reason": .text(problem)]) }
    }
}

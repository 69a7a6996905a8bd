import Ingest
import Model
import Posix
import Telemetry

/// Puts the pages of this host into the spool, at an interval.
final class HostSamples: Sendable {
    private let thread: OwnedThread
    private let stopping: Monitor<Bool>

    /// - Parameters:
    ///   - page: appends the page in the text format.
    ///   - labels: of every sample; a label that a sample has itself stays.
    init(
        everyMs intervalMs: Int64, labels: [String: String], into spool: Spool, log: Logger,
        time: any TimeSource = SystemTime(), page: @escaping @Sendable (inout [UInt8]) -> Void
    ) throws(SystemError) {
        let stopping = Monitor(false)
        self.stopping = stopping
        thread = try OwnedThread(name: "host-samples") {
            var encoder = WriteRequestEncoder()
            var bytes: [UInt8] = []
            var batch = SampleBatch()
            repeat {
                bytes.removeAll(keepingCapacity: true)
                batch.removeAll()
                let atMs = time.wallMs
                page(&bytes)
                do {
                    try Self.read(bytes.span, labels, atMs, &batch)
                    let body = try encoder.encode(batch, as: .version1)
                    _ = try spool.append(metrics: body, count: batch.values.count)
                } catch {
                    log.error("cannot put samples into the spool", ["error": .error(error)])
                }
            } while stopping.wait(atMostNs: intervalMs * 1_000_000, until: { $0 ? true : nil }) == nil
        }
    }

    func stop() {
        stopping.withLock { $0 = true }
        stopping.wakeAll()
        thread.join()
    }

    /// The samples of a page in the text format.
    static func read(
        _ page: Span<UInt8>, _ labels: [String: String], _ atMs: Int64, _ batch: inout SampleBatch
    ) throws(ExpositionError) {
        var reader = ExpositionReader(page, isOpenMetrics: false)
        var builder = LabelsBuilder()
        while let item = try reader.next() {
            guard item == .series else { continue }
            builder.removeAll()
            reader.write(into: &builder)
            for (name, value) in labels where !builder.contains(name) { builder.set(name, value) }
            batch.append(builder.labels(), [(reader.timestampMs ?? atMs, reader.value)])
        }
    }
}

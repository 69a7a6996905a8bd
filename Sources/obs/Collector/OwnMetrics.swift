import Model
import Posix
import Storage
import Telemetry

/// Records the collector's own metrics in its store, straight from the registry and without HTTP, with the labels that a
/// scrape of `/metrics` would give them. The first time is at once, then every scrape interval.
final class OwnMetrics: Sendable {
    static let job = "obs"

    private struct State {
        /// The series of the last time.
        var series: Set<Labels> = []
        /// Families whose type and help the store knows.
        var described: Set<String> = []
    }

    private let store: any MetricStore
    private let registry: Registry
    private let instance: String
    private let time: any TimeSource
    private let log: Logger
    private let state = Lock(State())
    private let isStopping = Monitor(false)
    private let thread = Lock<OwnedThread?>(nil)

    /// - Parameter instance: where the collector listens.
    init(_ store: any MetricStore, _ registry: Registry, instance: String, log: Logger, time: any TimeSource) {
        (self.store, self.registry, self.instance, self.time) = (store, registry, instance, time)
        self.log = log.component("own metrics")
    }

    /// - Parameter intervalMs: asked after each time, so that a reload may change it.
    func start(intervalMs: @escaping @Sendable () -> Int64) throws(SystemError) {
        record()
        let thread = try OwnedThread(name: "own metrics", stackBytes: 512 << 10) { [self] in
            while isStopping.wait(atMostNs: intervalMs() * 1_000_000, until: { $0 ? true : nil }) == nil { record() }
        }
        self.thread.withLock { $0 = thread }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        isStopping.wakeAll()
        let thread = thread.withLock { $0 }
        thread?.join()
    }

    /// Takes the registry down once; a failure is logged, and the next time tries again.
    func record() {
        let atMs = time.wallMs
        var state = state.withLock { $0 }
        var batch = read(atMs: atMs, &state)
        do throws(StorageError) {
            let outcome = try store.append(&batch)
            if let refusal = outcome.refusals.first {
                log.warning(
                    "samples are refused",
                    ["count": .integer(outcome.refusedTotal), "first": .text(refusal.sentence)])
            }
            self.state.withLock { $0 = state }
        } catch {
            log.warning("cannot be recorded", ["reason": .text("\(error)")])
        }
    }

    private func read(atMs: Int64, _ state: inout State) -> SampleBatch {
        var batch = SampleBatch()
        var series: Set<Labels> = []
        for family in registry.families where !family.points.isEmpty {
            if state.described.insert(family.name).inserted { batch.metadata.append(MetricMetadata(family)) }
            family.forEachSample { name, pairs, value in
                let labels = labelSet(name, pairs)
                series.insert(labels)
                batch.append(labels, [(atMs, value)])
            }
        }
        let up = labelSet("up", [])
        series.insert(up)
        batch.append(up, [(atMs, 1)])
        for gone in state.series.subtracting(series) { batch.append(gone, [(atMs, StaleMarker.value)]) }
        state.series = series
        return batch
    }

    /// A label of ours that a metric has itself keeps its value under another name, as a scrape would have it.
    private func labelSet(_ name: String, _ pairs: [LabelPair]) -> Labels {
        var builder = LabelsBuilder()
        for pair in pairs {
            builder.set(pair.name == "job" || pair.name == "instance" ? "exported_\(pair.name)" : pair.name, pair.value)
        }
        builder.set(Labels.metricName, name)
        builder.set("job", Self.job)
        builder.set("instance", instance)
        return builder.labels()
    }
}

extension MetricMetadata {
    fileprivate init(_ family: MetricFamily) {
        let kind: Kind =
            switch family.kind {
            case .counter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
        self.init(family: family.name, kind: kind, help: family.help, unit: family.unit.word ?? "")
    }
}

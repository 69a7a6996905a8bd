import Journal
import LabelIndex
import Parts
import Posix
import Storage
import Synchronization
import Telemetry

/// `obs_tsdb_...`.
struct StoreMetrics: Sendable {
    let samples: Counter
    let refused: [Counter]
    let seriesCreated: Counter
    let flushes: Histogram
    let flushFailures: Counter
    let sampleMerges: Histogram
    let labelMerges: Histogram
    let samplesMerged: Counter
    let mergeFailures: Counter
    let quarantined: Counter
    let seriesForgotten: Counter

    init(_ registry: Registry) {
        samples = registry.counter("obs_tsdb_samples_appended_total", "Samples and histograms accepted.")
        let reasons = registry.counters(
            "obs_tsdb_samples_refused_total", "Samples and histograms refused, by reason.", labels: ["reason"])
        refused = AppendOutcome.Reason.allCases.map { reasons.with("\($0)") }
        seriesCreated = registry.counter("obs_tsdb_series_created_total", "Series that were new to the store.")
        seriesForgotten = registry.counter(
            "obs_tsdb_series_forgotten_total", "Series taken out of the index because no sample of them is left.")
        flushes = registry.histogram(
            "obs_tsdb_flush_duration_seconds", "Time to turn the head into parts.", unit: .seconds, buckets: .latency)
        flushFailures = registry.counter("obs_tsdb_flush_failures_total", "Flushes that failed and are tried again.")
        let merges = registry.histograms(
            "obs_tsdb_merge_duration_seconds", "Time to merge parts into one, by what they hold.", unit: .seconds,
            buckets: .latency, labels: ["kind"])
        sampleMerges = merges.with("samples")
        labelMerges = merges.with("labels")
        samplesMerged = registry.counter("obs_tsdb_samples_merged_total", "Samples and histograms rewritten by merges.")
        mergeFailures = registry.counter("obs_tsdb_merge_failures_total", "Merges that failed and are tried again.")
        quarantined = registry.counter("obs_tsdb_parts_quarantined_total", "Parts put aside because they are damaged.")
    }

    func count(_ outcome: AppendOutcome) {
        samples.add(outcome.acceptedSamples + outcome.acceptedHistograms)
        guard outcome.refusedTotal > 0 else { return }
        for (reason, count) in outcome.refused.enumerated() where count > 0 { refused[reason].add(count) }
    }
}

extension TimeSeriesStore {
    /// Metrics that are read from the store when they are asked for, as long as there is one.
    func register(in registry: Registry) {
        func gauge(
            _ name: String, _ help: String, _ unit: MetricUnit = .none,
            _ read: @escaping @Sendable (TimeSeriesStore) -> Int
        ) {
            registry.callback("obs_tsdb_\(name)", help, unit: unit) { [weak self] in self.map { Double(read($0)) } ?? 0
            }
        }
        gauge("series", "Series in the index.") { $0.seriesCount }
        gauge("series_active", "Series that got a sample lately.") { store in
            store.shards.reduce(0) { $0 + $1.withLock { $0.slots.activeCount } }
        }
        gauge("head_samples", "Samples and histograms in memory.") { max(0, $0.headSamples.load(ordering: .relaxed)) }
        gauge("stored_samples", "Samples and histograms in parts.") { store in
            store.view.withLock { $0.samples.reduce(0) { $0 + $1.part.info.rows } }
        }
        gauge("parts", "Live parts of samples.") { $0.view.withLock { $0.samples.count } }
        gauge("label_segments", "Live segments of the index.") { $0.view.withLock { $0.segments.count } }
        gauge("stored_bytes", "Bytes of all parts and of the index.", .bytes) { $0.storedBytes }
        gauge("index_bytes", "Bytes of the index on disk.", .bytes) { store in
            store.view.withLock { $0.segments.reduce(0) { $0 + $1.part.info.bytes } }
        }
        gauge("log_bytes", "Bytes of the write-ahead log.", .bytes) { $0.journal.heldBytes }
    }

    /// Series in memory and on disk.
    var seriesCount: Int {
        let new = registry.creation.withLock { $0.index.count }
        return view.withLock { view in
            new + (view.flushingIndex?.count ?? 0) + view.segments.reduce(0) { $0 + $1.index.count }
        }
    }
}

import Model
import PromQL
import Storage

/// Writes what rules found, and marks the end of series that they find no more.
struct RuleSamples {
    private var batch = SampleBatch()

    mutating func add(_ labels: Labels, _ point: Point, atMs: Int64) {
        switch point {
        case .float(let value): batch.append(labels, [(atMs, value)])
        case .histogram(let histogram):
            batch.append(labels, [])
            let start = batch.histograms.count
            batch.histograms.append(SampleBatch.Histogram(timestampMs: atMs, value: histogram.native))
            batch.series[batch.series.count - 1].histograms = start..<batch.histograms.count
        }
    }

    mutating func addStale(_ labels: Labels, atMs: Int64) {
        batch.append(labels, [(atMs, StaleMarker.value)])
    }

    /// Returns why samples were refused; empty where all were taken.
    mutating func write(to store: any MetricStore) throws(RuleFailure) -> [String] {
        if batch.series.isEmpty { return [] }
        do throws(StorageError) {
            return try store.append(&batch).refusals.map(\.sentence)
        } catch {
            throw RuleFailure("the results cannot be written: \(error)")
        }
    }
}

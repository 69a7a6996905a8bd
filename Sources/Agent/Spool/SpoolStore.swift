import Encoding
import Ingest
import Journal
import Model
import Posix
import Storage

/// The store that an agent's scraper writes to: batches become requests of remote_write in the spool. Nothing can be asked
/// of it.
final class SpoolStore: MetricStore {
    enum Limits {
        static let seriesMax = 200_000
        /// How long a series is known that nobody brings.
        static let keptNs: Int64 = 600_000_000_000
    }

    private struct Known {
        var labels: [UInt8]
        let key: SampleBatch.Key
        var seenNs: Int64
    }

    private struct State {
        var references: [SampleBatch.Key: UInt64] = [:]
        var series: [UInt64: Known] = [:]
        var next: UInt64 = 1
        var sweptNs: Int64 = 0
        var encoder = WriteRequestEncoder()
    }

    private let spool: Spool
    private let labels: [String: String]
    private let time: any TimeSource
    private let state = Lock(State())

    /// - Parameter labels: of every series that has none of that name.
    init(_ spool: Spool, labels: [String: String], time: any TimeSource = SystemTime()) {
        (self.spool, self.labels, self.time) = (spool, labels, time)
    }

    func resolve(_ batch: inout SampleBatch) {
        state.withLock { state in
            for index in batch.series.indices where batch.series[index].reference == .unresolved {
                if let known = state.references[batch.series[index].key] {
                    batch.series[index].reference = .init(known)
                }
            }
        }
    }

    func append(_ batch: inout SampleBatch) throws(StorageError) -> AppendOutcome {
        var outcome = AppendOutcome()
        var written = SampleBatch()
        let nowNs = time.monotonicNs
        let body: [UInt8]? = state.withLock { state in
            sweep(&state, nowNs)
            var nextExemplar = 0
            for index in batch.series.indices {
                guard let labels = canonicalLabels(&batch, index, &state, nowNs) else {
                    outcome.unresolved.append(index)
                    continue
                }
                Self.copy(batch, index, labels, &nextExemplar, to: &written)
            }
            outcome.acceptedExemplars = written.exemplars.count
            outcome.acceptedSamples = written.values.count
            outcome.acceptedHistograms = written.histograms.count
            written.metadata = batch.metadata
            guard !written.series.isEmpty || !written.metadata.isEmpty else { return nil }
            return try? state.encoder.encode(written, as: .version1)  // fails beyond 4 GB only, which no page has
        }
        guard let body else { return outcome }
        do throws(JournalError) {
            guard try spool.append(metrics: body, count: written.values.count + written.histograms.count) else {
                throw .closed
            }
        } catch {
            throw .unavailable(reason: "the spool takes no samples: \(error)", retryAfterSeconds: 5)
        }
        return outcome
    }

    /// The labels of a series with those of the host; nil where it brings none and is not known.
    private func canonicalLabels(
        _ batch: inout SampleBatch, _ index: Int, _ state: inout State, _ nowNs: Int64
    ) -> [UInt8]? {
        let series = batch.series[index]
        if series.reference != .unresolved {
            state.series[series.reference.raw]?.seenNs = nowNs
            return state.series[series.reference.raw]?.labels
        }
        guard !series.labels.isEmpty else { return nil }
        var builder = LabelsBuilder(Labels(canonical: Array(batch.labelBytes[series.labels])))
        for (name, value) in labels where !builder.contains(name) { builder.set(name, value) }
        let bytes = builder.labels().bytes
        let reference = state.next
        state.next += 1
        state.references[series.key] = reference
        state.series[reference] = Known(labels: bytes, key: series.key, seenNs: nowNs)
        batch.series[index].reference = .init(reference)
        return bytes
    }

    private func sweep(_ state: inout State, _ nowNs: Int64) {
        let isFull = state.series.count > Limits.seriesMax
        guard isFull || nowNs - state.sweptNs > Limits.keptNs else { return }
        state.sweptNs = nowNs
        // References stay good for a minute, whatever there is.
        let oldestNs = nowNs - (isFull ? 60_000_000_000 : Limits.keptNs)
        for (reference, known) in state.series where known.seenNs < oldestNs {
            state.series[reference] = nil
            if state.references[known.key] == reference { state.references[known.key] = nil }
        }
    }

    private static func copy(
        _ batch: borrowing SampleBatch, _ index: Int, _ labels: [UInt8], _ nextExemplar: inout Int,
        to written: inout SampleBatch
    ) {
        let series = batch.series[index]
        let (labelStart, sampleStart, histogramStart) = (
            written.labelBytes.count, written.values.count, written.histograms.count
        )
        written.labelBytes += labels
        for place in series.samples {
            written.timestampsMs.append(batch.timestampsMs[place])
            written.values.append(batch.values[place])
        }
        for place in series.histograms { written.histograms.append(batch.histograms[place]) }
        // They stand in the order of their series.
        while nextExemplar < batch.exemplars.count, batch.exemplars[nextExemplar].series <= index {
            if batch.exemplars[nextExemplar].series == index {
                written.exemplars.append(batch.exemplars[nextExemplar])
                written.exemplars[written.exemplars.count - 1].series = written.series.count
            }
            nextExemplar += 1
        }
        written.series.append(
            SampleBatch.Series(
                key: series.key, labels: labelStart..<written.labelBytes.count,
                samples: sampleStart..<written.values.count, histograms: histogramStart..<written.histograms.count))
    }
}

/// What an agent does not answer.
extension SpoolStore {
    private static let refusal = StorageError.invalid("an agent keeps nothing that could be asked; ask its collector")

    func select(_ request: SelectRequest) throws(StorageError) -> any SeriesSelection { throw Self.refusal }
    func labelNames(_ request: LabelRequest) throws(StorageError) -> [String] { throw Self.refusal }
    func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String] { throw Self.refusal }
    func series(_ request: LabelRequest) throws(StorageError) -> [Labels] { throw Self.refusal }
    func exemplars(_ request: LabelRequest) throws(StorageError) -> [SeriesExemplars] { throw Self.refusal }
    func metadata(family: String?, limit: Int) throws(StorageError) -> [MetricMetadata] { throw Self.refusal }
    func statistics(limit: Int) throws(StorageError) -> StoreStatistics { throw Self.refusal }
    func delete(_ request: LabelRequest) throws(StorageError) { throw Self.refusal }
}

import Journal
package import Model
import Posix
package import Storage

extension TimeSeriesStore {
    func appendAnnotations(
        _ batch: borrowing SampleBatch, _ outcome: inout AppendOutcome
    ) throws(StorageError) {
        var exemplars: [Annotations.StoredExemplar] = []
        for exemplar in batch.exemplars {
            guard let labels = try labels(of: batch.series[exemplar.series], batch) else { continue }
            exemplars.append(
                Annotations.StoredExemplar(
                    series: labels,
                    exemplar: SeriesExemplars.Exemplar(
                        labels: exemplar.labels, value: exemplar.value, timestampMs: exemplar.timestampMs)))
        }
        let metadata = batch.metadata
        do throws(JournalError) {
            outcome.acceptedExemplars += try annotations.withLock { annotations throws(JournalError) in
                try annotations.append(exemplars, metadata)
            }
        } catch {
            throw Self.refused(error)
        }
    }

    /// The labels of a series of a batch, which mostly brings only its reference.
    private func labels(
        of series: SampleBatch.Series, _ batch: borrowing SampleBatch
    ) throws(StorageError) -> Labels? {
        if !series.labels.isEmpty { return Labels(canonical: Array(batch.labelBytes[series.labels])) }
        guard series.reference.raw != 0 else { return nil }
        let reference = SeriesReference(raw: series.reference.raw)
        guard reference.shard < shards.count else { return nil }
        let id = shards[reference.shard].withLock { shard in
            shard.slots.holds(reference) ? unsafe shard.slots[reference.slot].pointee.id : 0
        }
        return id == 0 ? nil : try labels(ofID: id)
    }

    package func exemplars(_ request: LabelRequest) throws(StorageError) -> [SeriesExemplars] {
        let found = annotations.withLock { annotations in
            annotations.exemplars.filter { (request.startMs...request.endMs).contains($0.exemplar.timestampMs) }
        }
        var bySeries: [Labels: [SeriesExemplars.Exemplar]] = [:]
        for entry in found
        where request.selectors.isEmpty || request.selectors.contains(where: { Self.holds($0, entry.series) }) {
            bySeries[entry.series, default: []].append(entry.exemplar)
        }
        let answer = bySeries.map { series, exemplars in
            SeriesExemplars(series: series, exemplars: exemplars.sorted { $0.timestampMs < $1.timestampMs })
        }
        return Array(answer.sorted { $0.series < $1.series }.prefix(request.limit))
    }

    private static func holds(_ matchers: [Matcher], _ labels: Labels) -> Bool {
        matchers.allSatisfy { matcher in
            let value = Array(labels[matcher.name].utf8)
            return matcher.matches(value.span)
        }
    }

    package func metadata(family: String?, limit: Int) throws(StorageError) -> [MetricMetadata] {
        annotations.withLock { annotations in
            if let family { return annotations.metadata[family].map { [$0] } ?? [] }
            return Array(annotations.metadata.values.sorted { $0.family < $1.family }.prefix(limit))
        }
    }
}

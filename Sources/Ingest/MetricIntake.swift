import HTTP
package import Model
package import Storage
package import Telemetry

/// The last step of every way by which metrics come in: known series by their keys, labels for the others, and the
/// store; counted by protocol.
package final class MetricIntake: Sendable {
    /// Writes the labels of series `index` into the batch, or says which series has what for labels.
    package typealias LabelWriter = (_ index: Int, _ batch: inout SampleBatch) -> LabelFlaw?

    private let store: any MetricStore
    private let accepted: Counter
    private let refused: [Counter]
    private let oversized: Counter
    private let introduced: Counter

    /// - Parameter name: of the protocol, as its metrics' label shows it.
    package init(_ name: String, store: any MetricStore, registry: Registry) {
        self.store = store
        accepted = registry.counters(
            "obs_ingest_samples_total", "Samples and histograms that were taken, by protocol.", labels: ["protocol"]
        ).with(name)
        introduced = registry.counters(
            "obs_ingest_series_resolved_total", "Series whose labels had to be read, by protocol.",
            labels: ["protocol"]
        ).with(name)
        let refusals = registry.counters(
            "obs_ingest_samples_refused_total", "Samples and histograms that were refused, by protocol and reason.",
            labels: ["protocol", "reason"])
        refused = AppendOutcome.Reason.allCases.map { refusals.with(name, $0.name) }
        oversized = refusals.with(name, "request_sample_limit")
    }

    /// Why one request may not bring so many samples and histograms; nil where it may. They are counted as refused.
    func refusal(ofSamples count: Int, _ limits: IngestLimits) -> RequestRefusal? {
        guard count > limits.samplesMax else { return nil }
        oversized.add(count)
        return RequestRefusal(
            .contentTooLarge,
            "the request holds \(count) samples, more than storage.request_sample_limit (\(limits.samplesMax)); send fewer at once, or raise it"
        )
    }

    /// Hands the batch to the store. Series with flawed labels are refused, the rest is kept.
    package func take(
        _ batch: inout SampleBatch, labels writeLabels: LabelWriter
    ) throws(StorageError) -> AppendOutcome {
        store.resolve(&batch)
        var flaws = Flaws()
        for index in batch.series.indices where batch.series[index].reference == .unresolved {
            introduce(index, in: &batch, writeLabels, &flaws)
        }
        var outcome = try store.append(&batch)
        let forgotten = Set(outcome.unresolved).subtracting(flaws.series)
        outcome.unresolved = []
        if !forgotten.isEmpty { outcome.add(try append(forgotten, of: &batch, writeLabels, &flaws)) }
        if !outcome.refusals.isEmpty { name(&outcome, batch, writeLabels) }
        outcome.add(flaws.outcome)
        count(outcome)
        return outcome
    }

    /// Series whose labels are none, and what became of them.
    private struct Flaws {
        var series: Set<Int> = []
        var outcome = AppendOutcome()
    }

    private func introduce(
        _ index: Int, in batch: inout SampleBatch, _ writeLabels: LabelWriter, _ flaws: inout Flaws
    ) {
        introduced.add()
        guard let flaw = writeLabels(index, &batch) else { return }
        let series = batch.series[index]
        flaws.series.insert(index)
        flaws.outcome.refuse(
            .invalidLabels, series: index, samples: series.samples.count + series.histograms.count,
            "\(flaw.series): \(flaw.reason)")
        batch.series[index].samples = series.samples.lowerBound..<series.samples.lowerBound
        batch.series[index].histograms = series.histograms.lowerBound..<series.histograms.lowerBound
    }

    /// Series that left the store since the sender was told their numbers: once more, with their labels.
    private func append(
        _ forgotten: Set<Int>, of batch: inout SampleBatch, _ writeLabels: LabelWriter, _ flaws: inout Flaws
    ) throws(StorageError) -> AppendOutcome {
        for index in forgotten {
            batch.series[index].reference = .unresolved
            introduce(index, in: &batch, writeLabels, &flaws)
        }
        var again = batch
        for index in again.series.indices where !forgotten.contains(index) {
            again.series[index].samples = 0..<0
            again.series[index].histograms = 0..<0
        }
        again.exemplars.removeAll { !forgotten.contains($0.series) }
        var outcome = try store.append(&again)
        outcome.unresolved = []
        for index in forgotten { batch.series[index].reference = again.series[index].reference }
        return outcome
    }

    /// The store tells a series by its place in the batch, a person by its labels.
    private func name(_ outcome: inout AppendOutcome, _ batch: SampleBatch, _ writeLabels: LabelWriter) {
        var batch = batch
        outcome.nameRefusals { index in
            if batch.series[index].labels.isEmpty { _ = writeLabels(index, &batch) }
            var text: [UInt8] = []
            Labels.append(textOf: batch.labelBytes.span.extracting(batch.series[index].labels), to: &text)
            return LabelFlaw.shortened(String(decoding: text, as: UTF8.self))
        }
    }

    private func count(_ outcome: AppendOutcome) {
        accepted.add(outcome.acceptedSamples + outcome.acceptedHistograms)
        guard outcome.refusedTotal > 0 else { return }
        for (reason, count) in outcome.refused.enumerated() where count > 0 { refused[reason].add(count) }
    }
}

import Encoding
import Model
import Storage

/// A batch whose samples come one by one with labels of their own: for protocols that name a series anew each time.
struct LabelledBatch: Sendable {
    private(set) var batch = SampleBatch()
    private let keySeed: Hash128

    init(keySeed: Hash128) { self.keySeed = keySeed }

    var count: Int { batch.series.count }
    var isEmpty: Bool { batch.series.isEmpty }

    mutating func removeAll() { batch.removeAll() }

    /// False where a label name occurs twice or there are no labels; nothing is added then.
    mutating func add(_ labels: inout LabelsBuilder, _ value: Double, atMs: Int64) -> Bool {
        guard let range = write(&labels) else { return false }
        let sample = batch.values.count
        batch.values.append(value)
        batch.timestampsMs.append(atMs)
        if !batch.startTimestampsMs.isEmpty { batch.startTimestampsMs.append(0) }
        append(range, samples: sample..<sample + 1)
        return true
    }

    /// - Parameter startMs: when counting began; zero where nobody says.
    mutating func add(_ labels: Labels, _ value: Double, atMs: Int64, startMs: Int64 = 0) {
        let start = batch.labelBytes.count
        batch.labelBytes += labels.bytes
        let sample = batch.values.count
        batch.values.append(value)
        batch.timestampsMs.append(atMs)
        // The column is there from the first start on.
        if startMs != 0, batch.startTimestampsMs.isEmpty, sample > 0 {
            batch.startTimestampsMs = [Int64](repeating: 0, count: sample)
        }
        if startMs != 0 || !batch.startTimestampsMs.isEmpty { batch.startTimestampsMs.append(startMs) }
        append(start..<batch.labelBytes.count, samples: sample..<sample + 1)
    }

    mutating func add(_ labels: Labels, _ histogram: SampleBatch.Histogram) {
        let start = batch.labelBytes.count
        batch.labelBytes += labels.bytes
        batch.histograms.append(histogram)
        append(
            start..<batch.labelBytes.count, samples: 0..<0,
            histograms: batch.histograms.count - 1..<batch.histograms.count)
    }

    /// Of the sample that was added last.
    mutating func add(exemplar labels: Labels, _ value: Double, atMs: Int64) {
        batch.exemplars.append(
            SampleBatch.Exemplar(
                series: batch.series.count - 1, labels: labels, value: value, timestampMs: atMs))
    }

    mutating func add(_ metadata: MetricMetadata) { batch.metadata.append(metadata) }

    /// Hands everything to the store.
    mutating func take(by intake: MetricIntake) throws(StorageError) -> AppendOutcome {
        defer { batch.removeAll() }
        guard !batch.series.isEmpty || !batch.metadata.isEmpty else { return AppendOutcome() }
        return try intake.take(&batch) { _, _ in nil }
    }

    private mutating func write(_ labels: inout LabelsBuilder) -> Range<Int>? {
        let start = batch.labelBytes.count
        guard labels.write(into: &batch.labelBytes), batch.labelBytes.count > start else { return nil }
        return start..<batch.labelBytes.count
    }

    private mutating func append(_ labels: Range<Int>, samples: Range<Int>, histograms: Range<Int> = 0..<0) {
        let key = Hash128.of(batch.labelBytes.span.extracting(labels), seed: keySeed)
        batch.series.append(
            SampleBatch.Series(key: key, labels: labels, samples: samples, histograms: histograms))
    }
}

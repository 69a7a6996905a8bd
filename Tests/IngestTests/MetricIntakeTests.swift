import Encoding
import Ingest
import Model
import Posix
import Storage
import TSDB
import Telemetry
import TestSupport
import Testing

/// The intake on the real store, whose series come and go.
struct MetricIntakeTests {
    private func withStore(
        _ change: (inout StoreOptions) -> Void = { _ in }, _ body: (TimeSeriesStore, MetricIntake) throws -> Void
    ) throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        options.freeShareMin = 0
        change(&options)
        let store = try TimeSeriesStore(directory: directory.path, options: options)
        defer { store.abandon() }
        try body(store, MetricIntake("test", store: store, registry: Registry()))
    }

    /// Series by name, each with one sample; keys are a hash of the name, as a sender's bytes would give it.
    private func batch(_ names: [String], timestampMs: Int64, value: Double) -> SampleBatch {
        var batch = SampleBatch()
        for name in names {
            let key = Hash128.of(name.utf8.span, seed: Hash128(low: 1, high: 2))
            batch.timestampsMs.append(timestampMs)
            batch.values.append(value)
            batch.series.append(SampleBatch.Series(key: key, samples: batch.values.count - 1..<batch.values.count))
        }
        return batch
    }

    /// - Parameter interruption: done when the first labels are asked for, which is after known series were resolved and
    ///   before anything is appended.
    private func take(
        _ batch: SampleBatch, _ names: [String], _ intake: MetricIntake, interruption: () -> Void = {}
    ) throws -> AppendOutcome {
        var batch = batch
        var isInterrupted = false
        return try intake.take(&batch) { index, batch in
            if !isInterrupted { interruption() }
            isInterrupted = true
            let labels = Labels([("__name__", names[index]), ("job", "test")])
            let start = batch.labelBytes.count
            batch.labelBytes += labels.bytes
            batch.series[index].labels = start..<batch.labelBytes.count
            return nil
        }
    }

    private func samples(_ name: String, _ store: any MetricStore) throws -> [Int64: Double] {
        let selection = try store.select(
            SelectRequest(matchers: [Matcher("__name__", equals: name)], startMs: .min, endMs: .max))
        var block = SeriesBlock()
        try selection.read(0..<selection.count, into: &block)
        var samples: [Int64: Double] = [:]
        for run in block.floats {
            for place in 0..<run.count {
                samples[block.timestampsMs[run.timestampStart + place]] = block.values[run.valueStart + place]
            }
        }
        return samples
    }

    /// References of a batch are resolved; then the series leave the store, because others go on for long without them,
    /// and only then the batch is appended.
    @Test func seriesThatLeaveBetweenResolvingAndAppendingAreKeptByTheirLabels() throws {
        try withStore { store, intake in
            let old = ["a", "b"]
            #expect(try take(batch(old, timestampMs: 1000, value: 1), old, intake).acceptedSamples == 2)
            let names = ["a", "new", "b"]
            let outcome = try take(batch(names, timestampMs: 2000, value: 2), names, intake) {
                #expect(throws: Never.self) { try goOnWithoutThem(store) }
            }
            #expect(outcome.acceptedSamples == 3)
            #expect(outcome.refusedTotal == 0)
            #expect(outcome.unresolved == [])
            #expect(try samples("a", store) == [1000: 1, 2000: 2])
            #expect(try samples("b", store) == [1000: 1, 2000: 2])
            #expect(try samples("new", store) == [2000: 2])
        }
    }

    /// Brings another series and flushes until those of the beginning have given up their slots.
    private func goOnWithoutThem(_ store: TimeSeriesStore) throws {
        for round in 0..<4 {
            var other = SampleBatch()
            other.append(Labels([("__name__", "c")]), [(1_000_000 + Int64(round), 1)])
            _ = try store.append(&other)
            try store.flush()
        }
    }

    /// Of a sender that keeps the numbers of its series, as a scrape does.
    @Test func aSeriesThatHadLeftIsAskedForItsLabelsOnce() throws {
        try withStore { store, intake in
            var asked = 0
            func take(_ reference: SampleBatch.Reference, atMs: Int64) throws -> SampleBatch.Reference {
                var batch = batch(["a"], timestampMs: atMs, value: 1)
                let key = batch.series[0].key
                batch.series[0].key = Hash128(low: 0, high: 0)
                batch.series[0].reference = reference
                let outcome = try intake.take(&batch) { index, batch in
                    asked += 1
                    batch.labelBytes += Labels([("__name__", "a")]).bytes
                    batch.series[index].labels = 0..<batch.labelBytes.count
                    batch.series[index].key = key
                    return nil
                }
                #expect(outcome.acceptedSamples == 1)
                return batch.series[0].reference
            }
            let first = try take(.unresolved, atMs: 1000)
            #expect(asked == 1)
            try goOnWithoutThem(store)
            let second = try take(first, atMs: 2000)
            #expect(asked == 2)
            #expect(try take(second, atMs: 3000) == second)
            #expect(asked == 2)
            #expect(try samples("a", store) == [1000: 1, 2000: 1, 3000: 1])
        }
    }

    @Test func whatTheStoreRefusesIsNamedByItsLabels() throws {
        try withStore({ $0.seriesMax = 2 }) { store, intake in
            let names = ["a", "b", "c"]
            let outcome = try take(batch(names, timestampMs: 1000, value: 1), names, intake)
            #expect(outcome.acceptedSamples == 2)
            #expect(outcome.refusals.map(\.reason) == [.tooManySeries])
            #expect(outcome.refusals.first?.sentence.hasPrefix("c{job=\"test\"}: the store has 2 series") == true)
            // Known series bring no labels any more; their refusals are named all the same.
            let again = try take(batch(["a"], timestampMs: 1000, value: 7), ["a"], intake)
            #expect(again.acceptedSamples == 0)
            #expect(
                again.refusals.map(\.sentence).first?.hasPrefix("a{job=\"test\"}: another value at 1000 ms") == true)
            #expect(try samples("a", store) == [1000: 1])
        }
    }

    @Test func limitsOfLabelsAreNamed() throws {
        try withStore({
            $0.labelValueBytesMax = 4
            $0.labelsMax = 2
        }) { _, intake in
            let names = ["ok", "too_long"]
            let outcome = try take(batch(names, timestampMs: 1000, value: 1), names, intake)
            #expect(outcome.acceptedSamples == 1)
            #expect(outcome.refusals.map(\.reason) == [.labelValueTooLong])
            #expect(outcome.refusals.first?.sentence.contains("label_value_length_limit (4)") == true)
        }
    }
}

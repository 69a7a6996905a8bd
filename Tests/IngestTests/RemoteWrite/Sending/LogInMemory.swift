import Model
import Posix
import Storage

/// A feed of records that a test appends: each its own place.
final class LogInMemory: SampleFeed {
    private struct State {
        var records: [FeedBatch] = []
        var labels: [Labels] = []
        var first = 0
        var kept: [String: FeedPosition] = [:]
        var failures = 0
    }

    private let state = Lock(State())

    var end: FeedPosition { FeedPosition(UInt64(state.withLock { $0.records.count })) }
    var beginning: FeedPosition { FeedPosition(UInt64(state.withLock { $0.first })) }
    var kept: [String: FeedPosition] { state.withLock { $0.kept } }

    /// The number of a new series.
    func add(_ labels: Labels) -> UInt64 {
        state.withLock {
            $0.labels.append(labels)
            return UInt64($0.labels.count)
        }
    }

    func append(_ samples: [(id: UInt64, timeMs: Int64, value: Double)]) {
        var record = FeedBatch()
        for sample in samples {
            record.ids.append(sample.id)
            record.timestampsMs.append(sample.timeMs)
            record.values.append(sample.value)
            record.startTimestampsMs.append(0)
        }
        append(record)
    }

    func append(_ record: FeedBatch) { state.withLock { $0.records.append(record) } }

    /// Lets go what lies before.
    func drop(before place: Int) { state.withLock { $0.first = place } }

    func fail(times: Int) { state.withLock { $0.failures = times } }

    func read(
        from position: FeedPosition, atMost samplesMax: Int, into batch: inout FeedBatch
    ) throws(StorageError) -> FeedPosition {
        let (records, first, mustFail) = state.withLock { state in
            defer { state.failures = max(0, state.failures - 1) }
            return (state.records, state.first, state.failures > 0)
        }
        if mustFail { throw .unavailable(reason: "a test wants it so", retryAfterSeconds: 1) }
        var place = max(Int(position.value), first)
        while place < records.count, batch.count < samplesMax {
            let record = records[place]
            batch.ids += record.ids
            batch.timestampsMs += record.timestampsMs
            batch.values += record.values
            batch.startTimestampsMs += record.startTimestampsMs
            batch.histograms += record.histograms
            batch.exemplars += record.exemplars
            place += 1
        }
        return FeedPosition(UInt64(place))
    }

    func appendLabels(ofSeries id: UInt64, to bytes: inout [UInt8]) -> Bool {
        let labels = state.withLock { $0.labels }
        guard id > 0, id <= UInt64(labels.count) else { return false }
        bytes += labels[Int(id) - 1].bytes
        return true
    }

    func keep(from position: FeedPosition?, for reader: String) { state.withLock { $0.kept[reader] = position } }
}

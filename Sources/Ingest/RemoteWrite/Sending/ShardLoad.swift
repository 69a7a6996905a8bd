import Encoding
import Model

/// The samples that one shard sends in a round, cut into requests. A series is always in the same shard, so its samples
/// arrive in their order.
final class ShardLoad: @unchecked Sendable {  // the reader of the feed and the shard's thread use it in turns
    private let samplesMax: Int
    private(set) var requests: [SampleBatch] = []
    /// Of `requests`; the rest is memory for later rounds.
    private(set) var used = 0
    private var room = 0
    var encoder = WriteRequestEncoder()

    /// - Parameter samplesMax: of one request, with its histograms and exemplars.
    init(samplesMax: Int) { self.samplesMax = samplesMax }

    func removeAll() {
        for index in 0..<used { requests[index].removeAll() }
        (used, room) = (0, 0)
    }

    /// Samples, histograms and exemplars.
    var held: Int { used == 0 ? 0 : used * samplesMax - room }

    func counts(of request: Int) -> RemoteWriteCounts {
        let batch = requests[request]
        return RemoteWriteCounts(
            samples: batch.values.count, histograms: batch.histograms.count, exemplars: batch.exemplars.count)
    }

    func oldestMs(of request: Int) -> Int64 {
        let batch = requests[request]
        return min(batch.timestampsMs.min() ?? .max, batch.histograms.map(\.timestampMs).min() ?? .max)
    }

    func add(_ labels: ArraySlice<UInt8>, _ timestampMs: Int64, _ value: Double, startMs: Int64) {
        let place = beginSeries(labels)
        let sample = requests[place].values.count
        requests[place].timestampsMs.append(timestampMs)
        requests[place].values.append(value)
        requests[place].startTimestampsMs.append(startMs)
        requests[place].series[requests[place].series.count - 1].samples = sample..<sample + 1
    }

    func add(_ labels: ArraySlice<UInt8>, _ histogram: SampleBatch.Histogram) {
        let place = beginSeries(labels)
        requests[place].histograms.append(histogram)
        let count = requests[place].histograms.count
        requests[place].series[requests[place].series.count - 1].histograms = count - 1..<count
    }

    func add(_ labels: ArraySlice<UInt8>, exemplar: Labels, _ value: Double, _ timestampMs: Int64) {
        let place = beginSeries(labels)
        let series = requests[place].series.count - 1
        requests[place].exemplars.append(
            SampleBatch.Exemplar(series: series, labels: exemplar, value: value, timestampMs: timestampMs))
    }

    /// Adds a series to the last request that has room, and returns which one that is.
    private func beginSeries(_ labels: ArraySlice<UInt8>) -> Int {
        if room == 0 {
            if used == requests.count { requests.append(SampleBatch()) }
            used += 1
            room = samplesMax
        }
        room -= 1
        let start = requests[used - 1].labelBytes.count
        requests[used - 1].labelBytes += labels
        requests[used - 1].series.append(
            SampleBatch.Series(
                key: SampleBatch.Key(low: 0, high: 0), labels: start..<requests[used - 1].labelBytes.count,
                samples: 0..<0))
        return used - 1
    }

    /// Leaves of a request what is not older than `limitMs`.
    ///
    /// - Returns: how many samples and histograms went.
    func removeOld(of request: Int, before limitMs: Int64) -> Int {
        var kept = SampleBatch()
        kept.labelBytes = requests[request].labelBytes
        var gone = 0
        for (index, series) in requests[request].series.enumerated() {
            var next = series
            let samples = series.samples.filter { requests[request].timestampsMs[$0] >= limitMs }
            let histograms = series.histograms.filter { requests[request].histograms[$0].timestampMs >= limitMs }
            let exemplars = requests[request].exemplars.filter { $0.series == index }
            gone += series.samples.count - samples.count + series.histograms.count - histograms.count
            if samples.isEmpty && histograms.isEmpty && exemplars.isEmpty { continue }
            next.samples = kept.values.count..<kept.values.count + samples.count
            next.histograms = kept.histograms.count..<kept.histograms.count + histograms.count
            kept.values += samples.map { requests[request].values[$0] }
            kept.timestampsMs += samples.map { requests[request].timestampsMs[$0] }
            kept.startTimestampsMs += samples.map { requests[request].startTimestampsMs[$0] }
            kept.histograms += histograms.map { requests[request].histograms[$0] }
            for var exemplar in exemplars {
                exemplar.series = kept.series.count
                kept.exemplars.append(exemplar)
            }
            kept.series.append(next)
        }
        requests[request] = kept
        return gone
    }
}

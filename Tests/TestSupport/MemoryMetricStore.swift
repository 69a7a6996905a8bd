package import Model
import Posix
package import Storage

/// A metric store in a dictionary: slow and plainly right. The engine's scripts run on it, and real stores are compared
/// with it.
package final class MemoryMetricStore: MetricStore {
    fileprivate struct Sample {
        var timestampMs: Int64
        var value: Double
        var startMs: Int64
    }

    fileprivate struct Series {
        var labels: Labels
        var key: SampleBatch.Key
        var floats: [Sample] = []
        var histograms: [SampleBatch.Histogram] = []
        var exemplars: [SeriesExemplars.Exemplar] = []
    }

    private struct State {
        var series: [Series] = []
        var byLabels: [Labels: Int] = [:]
        var byKey: [SampleBatch.Key: Int] = [:]
        var metadata: [String: MetricMetadata] = [:]
    }

    private let state = Lock(State())

    package init() {}

    package func resolve(_ batch: inout SampleBatch) {
        let known = state.withLock { $0.byKey }
        for index in batch.series.indices {
            if let place = known[batch.series[index].key] {
                batch.series[index].reference = SampleBatch.Reference(UInt64(place) + 1)
            }
        }
    }

    package func append(_ batch: inout SampleBatch) throws(StorageError) -> AppendOutcome {
        var outcome = AppendOutcome()
        let copy = batch
        var references = copy.series.map(\.reference)
        (outcome, references) = state.withLock { state in
            var outcome = AppendOutcome()
            var references = references
            for (index, series) in copy.series.enumerated() {
                guard let place = Self.place(of: series, copy, &state) else {
                    outcome.unresolved.append(index)
                    continue
                }
                references[index] = SampleBatch.Reference(UInt64(place) + 1)
                Self.add(index, copy, to: &state.series[place], &outcome)
            }
            for exemplar in copy.exemplars {
                guard references[exemplar.series] != .unresolved else { continue }
                let place = Int(references[exemplar.series].raw) - 1
                state.series[place].exemplars.append(
                    SeriesExemplars.Exemplar(
                        labels: exemplar.labels, value: exemplar.value, timestampMs: exemplar.timestampMs))
                outcome.acceptedExemplars += 1
            }
            for metadata in copy.metadata { state.metadata[metadata.family] = metadata }
            return (outcome, references)
        }
        for index in batch.series.indices { batch.series[index].reference = references[index] }
        return outcome
    }

    private static func place(of series: SampleBatch.Series, _ batch: SampleBatch, _ state: inout State) -> Int? {
        if series.reference != .unresolved { return Int(series.reference.raw) - 1 }
        guard !series.labels.isEmpty else { return nil }
        let labels = Labels(canonical: Array(batch.labelBytes[series.labels]))
        if let place = state.byLabels[labels] { return place }
        state.series.append(Series(labels: labels, key: series.key))
        state.byLabels[labels] = state.series.count - 1
        state.byKey[series.key] = state.series.count - 1
        return state.series.count - 1
    }

    private static func add(
        _ place: Int, _ batch: SampleBatch, to stored: inout Series, _ outcome: inout AppendOutcome
    ) {
        let series = batch.series[place]
        for index in series.samples {
            let time = batch.timestampsMs[index]
            let start = batch.startTimestampsMs.isEmpty ? 0 : batch.startTimestampsMs[index]
            let sample = Sample(timestampMs: time, value: batch.values[index], startMs: start)
            if let known = stored.floats.first(where: { $0.timestampMs == time }) {
                if known.value.bitPattern == sample.value.bitPattern {
                    outcome.acceptedSamples += 1
                } else {
                    outcome.refuse(.duplicate, series: place, samples: 1, "another value at \(time) ms")
                }
                continue
            }
            let place = stored.floats.firstIndex { $0.timestampMs > time } ?? stored.floats.count
            stored.floats.insert(sample, at: place)
            outcome.acceptedSamples += 1
        }
        for index in series.histograms {
            let histogram = batch.histograms[index]
            let place =
                stored.histograms.firstIndex { $0.timestampMs >= histogram.timestampMs } ?? stored.histograms.count
            stored.histograms.insert(histogram, at: place)
            outcome.acceptedHistograms += 1
        }
    }

    private func matching(_ selectors: [[Matcher]], _ startMs: Int64, _ endMs: Int64) -> [Series] {
        let all = state.withLock { $0.series }
        return all.filter { series in
            let isMeant =
                selectors.isEmpty
                || selectors.contains { matchers in
                    matchers.allSatisfy { matcher in
                        let value = Array(series.labels[matcher.name].utf8)
                        return matcher.matches(value.span)
                    }
                }
            return isMeant
                && (series.floats.contains { startMs...endMs ~= $0.timestampMs }
                    || series.histograms.contains { startMs...endMs ~= $0.timestampMs })
        }.sorted { $0.labels < $1.labels }
    }

    package func select(_ request: SelectRequest) throws(StorageError) -> any SeriesSelection {
        guard request.startMs <= request.endMs else { return Selection([], request) }
        let series = matching([request.matchers], request.startMs, request.endMs)
        if series.count > request.seriesMax {
            throw .limitExceeded(limit: "seriesMax", sentence: "the selector matches \(series.count) series")
        }
        return Selection(series, request)
    }

    private func meant(_ request: LabelRequest) throws(StorageError) -> [Series] {
        if request.cancellation.isRaised { throw .cancelled }
        return matching(request.selectors, request.startMs, request.endMs)
    }

    package func series(_ request: LabelRequest) throws(StorageError) -> [Labels] {
        Array(try meant(request).map(\.labels).prefix(request.limit))
    }

    package func labelNames(_ request: LabelRequest) throws(StorageError) -> [String] {
        let names = try meant(request).flatMap { $0.labels.pairs.map(\.name) }
        return Array(Set(names).sorted().prefix(request.limit))
    }

    package func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String] {
        let values = try meant(request).map { $0.labels[name] }
        return Array(Set(values).subtracting([""]).sorted().prefix(request.limit))
    }

    package func exemplars(_ request: LabelRequest) throws(StorageError) -> [SeriesExemplars] {
        matching(request.selectors, request.startMs, request.endMs).compactMap { series in
            let found = series.exemplars.filter { request.startMs...request.endMs ~= $0.timestampMs }
            return found.isEmpty ? nil : SeriesExemplars(series: series.labels, exemplars: found)
        }
    }

    package func metadata(family: String?, limit: Int) throws(StorageError) -> [MetricMetadata] {
        let all = state.withLock { Array($0.metadata.values) }
        return Array(all.filter { family == nil || $0.family == family }.sorted { $0.family < $1.family }.prefix(limit))
    }

    package func statistics(limit: Int) throws(StorageError) -> StoreStatistics {
        let all = matching([], .min, .max)
        var statistics = StoreStatistics()
        var metrics: [String: Int] = [:]
        var pairs: [String: Int] = [:]
        var values: [String: Set<String>] = [:]
        var bytes: [String: Int] = [:]
        for series in all {
            metrics[series.labels[Labels.metricName], default: 0] += 1
            for (name, value) in series.labels.pairs {
                pairs["\(name)=\(value)", default: 0] += 1
                values[name, default: []].insert(value)
                bytes[name, default: 0] += value.utf8.count
            }
        }
        let times = all.flatMap { $0.floats.map(\.timestampMs) + $0.histograms.map(\.timestampMs) }
        (statistics.series, statistics.activeSeries) = (all.count, all.count)
        (statistics.labelNames, statistics.labelPairs) = (values.count, pairs.count)
        statistics.samplesInHead = times.count
        if let first = times.min(), let last = times.max() { statistics.timesMs = first...last }
        statistics.seriesByMetricName = StoreStatistics.top(metrics, limit)
        statistics.seriesByLabelPair = StoreStatistics.top(pairs, limit)
        statistics.valuesByLabelName = StoreStatistics.top(values.mapValues(\.count), limit)
        statistics.bytesByLabelName = StoreStatistics.top(bytes, limit)
        statistics.churn.created = all.count
        statistics.churn.createdByMetricName = statistics.seriesByMetricName
        return statistics
    }

    package func delete(_ request: LabelRequest) throws(StorageError) {
        let meant = Set(matching(request.selectors, request.startMs, request.endMs).map(\.labels))
        let range = request.startMs...request.endMs
        state.withLock { state in
            for index in state.series.indices where meant.contains(state.series[index].labels) {
                state.series[index].floats.removeAll { range ~= $0.timestampMs }
                state.series[index].histograms.removeAll { range ~= $0.timestampMs }
            }
        }
    }

    private final class Selection: SeriesSelection {
        private let series: [Series]
        private let range: ClosedRange<Int64>?

        init(_ series: [Series], _ request: SelectRequest) {
            self.series = series
            range = series.isEmpty ? nil : request.startMs...request.endMs
        }

        var count: Int { series.count }
        var samplesEstimate: Int { series.reduce(0) { $0 + $1.floats.count + $1.histograms.count } }

        func labels(_ wanted: Range<Int>, into block: inout LabelBlock) throws(StorageError) {
            block.removeAll()
            for index in wanted { block.append(series[index].labels) }
        }

        func read(_ wanted: Range<Int>, into block: inout SeriesBlock) throws(StorageError) {
            block.removeAll()
            guard let range else { return }
            let knowsStarts = series[wanted].contains { $0.floats.contains { $0.startMs != 0 } }
            for one in series[wanted] {
                let floats = one.floats.filter { range ~= $0.timestampMs }
                let times = floats.map(\.timestampMs)
                // Equal times are shared, as a store would that keeps one column for all series of a scrape.
                let last = block.floats.last
                let isShared =
                    last.map { Array(block.timestampsMs[$0.timestampStart..<$0.timestampStart + $0.count]) == times }
                    ?? false
                block.floats.append(
                    SeriesBlock.Floats(
                        timestampStart: isShared ? last!.timestampStart : block.timestampsMs.count,
                        valueStart: block.values.count, count: floats.count))
                if !isShared { block.timestampsMs += times }
                block.values += floats.map(\.value)
                if knowsStarts { block.startTimestampsMs += floats.map(\.startMs) }
                block.histograms += one.histograms.filter { range ~= $0.timestampMs }
                block.histogramOffsets.append(block.histograms.count)
            }
        }
    }
}

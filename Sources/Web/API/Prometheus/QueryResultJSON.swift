import Encoding
import Model
import PromQL
import Storage

/// A query's result as the member `data` of Prometheus' API.
struct QueryResultJSON {
    private let result: QueryResult
    private let limit: Int?
    private let statistics: QueryService.WantedStatistics
    private let waitedNs: Int64

    /// - Parameters:
    ///   - limit: the most series to write.
    ///   - statistics: what is told of the work that the result was, as `stats` asks.
    ///   - waitedNs: how long the query waited for a thread.
    init(
        _ result: QueryResult, limit: Int?, statistics: QueryService.WantedStatistics = .none, waitedNs: Int64 = 0
    ) {
        self.result = result
        self.limit = limit
        self.statistics = statistics
        self.waitedNs = waitedNs
    }

    var isTruncated: Bool {
        guard let limit else { return false }
        return switch result.value {
        case .vector(let frame), .matrix(let frame): frame.count > limit
        case .samples(let series): series.count > limit
        case .scalar, .string: false
        }
    }

    /// - Parameter passOn: is called between series; false means that nobody reads on.
    func write(to json: inout JSONWriter, passingOn passOn: (inout JSONWriter) -> Bool) {
        json.beginObject()
        switch result.value {
        case .scalar(let value):
            json.member("resultType", "scalar")
            json.name("result")
            Self.pair(result.grid.startMs, value, &json)
        case .string(let text):
            json.member("resultType", "string")
            json.name("result")
            Self.pair(result.grid.startMs, text, &json)
        case .vector(let frame): write("vector", frame.count, &json, passOn) { vectorRow($0, of: frame, &$1) }
        case .matrix(let frame):
            let times = (0..<frame.grid.count).map { frame.grid.timeMs($0) }
            let pairs = SamplePairs(timesMs: times.span)
            write("matrix", frame.count, &json, passOn) { matrixRow($0, of: frame, pairs, &$1) }
        case .samples(let series): write("matrix", series.count, &json, passOn) { Self.write(series[$0], &$1) }
        }
        if statistics != .none { writeStatistics(&json) }
        json.endObject()
    }

    /// In Prometheus' form; times in seconds.
    private func writeStatistics(_ json: inout JSONWriter) {
        let statistics = result.statistics
        let prepared = Double(statistics.prepareNs) / 1e9
        let evaluated = Double(statistics.evaluateNs) / 1e9
        let waited = Double(waitedNs) / 1e9
        json.name("stats")
        json.beginObject()
        json.name("timings")
        json.beginObject()
        json.member("evalTotalTime", prepared + evaluated)
        json.member("resultSortTime", 0)
        json.member("queryPreparationTime", prepared)
        json.member("innerEvalTime", evaluated)
        json.member("execQueueTime", waited)
        json.member("execTotalTime", waited + prepared + evaluated)
        json.endObject()
        json.name("samples")
        json.beginObject()
        if self.statistics == .all { writeSamplesPerStep(statistics.samplesPerStep ?? [], &json) }
        json.member("totalQueryableSamples", statistics.samplesPerStep?.reduce(0, +) ?? statistics.samplesRead)
        json.member("peakSamples", statistics.samplesPeak)
        json.endObject()
        json.name("memory")
        json.beginObject()
        json.member("peakBytes", statistics.bytesPeak)
        json.endObject()
        json.endObject()
    }

    private func writeSamplesPerStep(_ counts: [Int], _ json: inout JSONWriter) {
        json.name("totalQueryableSamplesPerStep")
        json.beginArray()
        for (step, count) in counts.enumerated() {
            json.beginArray()
            Self.time(result.grid.timeMs(step), &json)
            json.number(count)
            json.endArray()
        }
        json.endArray()
    }

    private func write(
        _ type: String, _ count: Int, _ json: inout JSONWriter, _ passOn: (inout JSONWriter) -> Bool,
        _ row: (Int, inout JSONWriter) -> Void
    ) {
        json.member("resultType", type)
        json.name("result")
        json.beginArray()
        for index in 0..<min(count, limit ?? count) {
            row(index, &json)
            if !passOn(&json) { return }
        }
        json.endArray()
    }

    private func vectorRow(_ row: Int, of frame: Frame, _ json: inout JSONWriter) {
        json.beginObject()
        Self.metric(frame.labels, row, &json)
        switch frame.point(row, 0) {
        case .float(let value):
            json.name("value")
            Self.pair(frame.grid.startMs, value, &json)
        case .histogram(let histogram):
            json.name("histogram")
            Self.pair(frame.grid.startMs, histogram, &json)
        case nil: break
        }
        json.endObject()
    }

    private func matrixRow(_ row: Int, of frame: Frame, _ pairs: SamplePairs, _ json: inout JSONWriter) {
        json.beginObject()
        Self.metric(frame.labels, row, &json)
        let cells = frame.cells(row)
        let values = frame.values.span.extracting(cells)
        if frame.hasFloats(row) {
            json.name("values")
            json.beginArray()
            pairs.append(values, absent: Absent.bits, to: &json.bytes)
            json.endArray()
        }
        if let column = frame.histograms[row] {
            Self.histograms(
                column.enumerated().compactMap { step, value in value.map { (frame.grid.timeMs(step), $0) } }, &json)
        }
        json.endObject()
    }

    private static func write(_ series: SampledSeries, _ json: inout JSONWriter) {
        json.beginObject()
        metric(series.labels, &json)
        if !series.values.isEmpty {
            json.name("values")
            json.beginArray()
            for (timeMs, value) in zip(series.timesMs, series.values) { pair(timeMs, value, &json) }
            json.endArray()
        }
        histograms(series.histograms.map { ($0.timeMs, $0.value) }, &json)
        json.endObject()
    }

    private static func histograms(_ points: [(Int64, FloatHistogram)], _ json: inout JSONWriter) {
        guard !points.isEmpty else { return }
        json.name("histograms")
        json.beginArray()
        for (timeMs, histogram) in points { pair(timeMs, histogram, &json) }
        json.endArray()
    }

    private static func metric(_ labels: Labels, _ json: inout JSONWriter) {
        json.name("metric")
        LabelsJSON.write(labels, to: &json)
    }

    private static func metric(_ labels: LabelBlock, _ row: Int, _ json: inout JSONWriter) {
        json.name("metric")
        LabelsJSON.write(labels.bytes.span.extracting(labels.offsets[row]..<labels.offsets[row + 1]), to: &json)
    }

    private static func pair(_ timeMs: Int64, _ text: String, _ json: inout JSONWriter) {
        json.beginArray()
        time(timeMs, &json)
        json.string(text)
        json.endArray()
    }

    private static func pair(_ timeMs: Int64, _ value: Double, _ json: inout JSONWriter) {
        json.beginArray()
        time(timeMs, &json)
        json.bytes += ",\"".utf8
        FloatText.append(sample: value, to: &json.bytes)
        json.bytes.append(UInt8(ascii: "\""))
        json.endArray()
    }

    private static func pair(_ timeMs: Int64, _ histogram: FloatHistogram, _ json: inout JSONWriter) {
        json.beginArray()
        time(timeMs, &json)
        json.beginObject()
        json.member("count", FloatText.sample(histogram.count))
        json.member("sum", FloatText.sample(histogram.sum))
        let buckets = histogram.buckets.filter { $0.count != 0 }
        if !buckets.isEmpty {
            json.name("buckets")
            json.beginArray()
            for bucket in buckets { write(bucket, &json) }
            json.endArray()
        }
        json.endObject()
        json.endArray()
    }

    /// The first number tells which bounds belong to the bucket: 0 the upper, 1 the lower, 2 none, 3 both.
    private static func write(_ bucket: FloatHistogram.Bucket, _ json: inout JSONWriter) {
        json.beginArray()
        switch (bucket.lowerIsInclusive, bucket.upperIsInclusive) {
        case (false, true): json.number(0)
        case (true, false): json.number(1)
        case (false, false): json.number(2)
        case (true, true): json.number(3)
        }
        json.string(FloatText.sample(bucket.lower))
        json.string(FloatText.sample(bucket.upper))
        json.string(FloatText.sample(bucket.count))
        json.endArray()
    }

    private static func time(_ ms: Int64, _ json: inout JSONWriter) {
        var text: [UInt8] = []
        SamplePairs.append(seconds: ms, to: &text)
        json.raw(text.span)
    }
}

/// Labels as an object of JSON.
enum LabelsJSON {
    static func write(_ labels: Labels, to json: inout JSONWriter) { write(labels.bytes.span, to: &json) }

    /// - Parameter canonical: a set's bytes.
    static func write(_ canonical: Span<UInt8>, to json: inout JSONWriter) {
        json.beginObject()
        var cursor = LabelCursor()
        while cursor.advance(in: canonical) {
            json.name(canonical.extracting(cursor.name))
            json.string(canonical.extracting(cursor.value))
        }
        json.endObject()
    }
}

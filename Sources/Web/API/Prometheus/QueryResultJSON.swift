import Encoding
import Model
import PromQL
import Storage

/// A query's result as the member `data` of Prometheus' API.
struct QueryResultJSON {
    private let result: QueryResult
    private let limit: Int?

    /// - Parameter limit: the most series to write.
    init(_ result: QueryResult, limit: Int?) {
        self.result = result
        self.limit = limit
    }

    var isTruncated: Bool {
        guard let limit else { return false }
        return switch result.value {
        case .vector(let frame), .matrix(let frame): frame.count > limit
        case .samples(let series): series.count > limit
        case .scalar, .string: false
        }
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        switch result.value {
        case .scalar(let value):
            json.member("resultType", "scalar")
            json.name("result")
            Self.pair(result.grid.startMs, FloatText.sample(value), &json)
        case .string(let text):
            json.member("resultType", "string")
            json.name("result")
            Self.pair(result.grid.startMs, text, &json)
        case .vector(let frame): write("vector", frame.count, &json) { vectorRow($0, of: frame, &$1) }
        case .matrix(let frame): write("matrix", frame.count, &json) { matrixRow($0, of: frame, &$1) }
        case .samples(let series): write("matrix", series.count, &json) { Self.write(series[$0], &$1) }
        }
        json.endObject()
    }

    private func write(_ type: String, _ count: Int, _ json: inout JSONWriter, _ row: (Int, inout JSONWriter) -> Void) {
        json.member("resultType", type)
        json.name("result")
        json.beginArray()
        for index in 0..<min(count, limit ?? count) { row(index, &json) }
        json.endArray()
    }

    private func vectorRow(_ row: Int, of frame: Frame, _ json: inout JSONWriter) {
        json.beginObject()
        Self.metric(frame.labels.labels(row), &json)
        switch frame.point(row, 0) {
        case .float(let value):
            json.name("value")
            Self.pair(frame.grid.startMs, FloatText.sample(value), &json)
        case .histogram(let histogram):
            json.name("histogram")
            Self.pair(frame.grid.startMs, histogram, &json)
        case nil: break
        }
        json.endObject()
    }

    private func matrixRow(_ row: Int, of frame: Frame, _ json: inout JSONWriter) {
        json.beginObject()
        Self.metric(frame.labels.labels(row), &json)
        var isOpen = false
        let cells = frame.cells(row)
        for (step, cell) in cells.enumerated() where !Absent.isAbsent(frame.values[cell]) {
            if !isOpen {
                json.name("values")
                json.beginArray()
                isOpen = true
            }
            Self.pair(frame.grid.timeMs(step), FloatText.sample(frame.values[cell]), &json)
        }
        if isOpen { json.endArray() }
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
            for (timeMs, value) in zip(series.timesMs, series.values) { pair(timeMs, FloatText.sample(value), &json) }
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

    private static func pair(_ timeMs: Int64, _ text: String, _ json: inout JSONWriter) {
        json.beginArray()
        time(timeMs, &json)
        json.string(text)
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

    /// Seconds with as many of three decimals as are needed.
    private static func time(_ ms: Int64, _ json: inout JSONWriter) {
        var text = ms < 0 ? "-" : ""
        let magnitude = ms.magnitude
        text += String(magnitude / 1000)
        if magnitude % 1000 != 0 {
            let digits = String(magnitude % 1000)
            text += "." + String(repeating: "0", count: 3 - digits.count) + digits
        }
        json.raw(text.utf8.span)
    }
}

/// Labels as an object of JSON.
enum LabelsJSON {
    static func write(_ labels: Labels, to json: inout JSONWriter) {
        json.beginObject()
        for pair in labels.pairs { json.member(pair.name, pair.value) }
        json.endObject()
    }
}

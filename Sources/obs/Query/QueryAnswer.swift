import Encoding

/// What a server said to a query, in columns.
struct QueryAnswer: Sendable, Equatable {
    /// A native histogram as a terminal shows it.
    struct Histogram: Sendable, Equatable {
        var count: Double
        /// `{count:5, sum:18.4, (0.5,1]:4}`, as Prometheus writes it.
        var text: String
    }

    struct Series: Sendable, Equatable {
        var labels: [(name: String, value: String)] = []
        var timesMs: [Int64] = []
        var values: [Double] = []
        var histograms: [(timeMs: Int64, value: Histogram)] = []

        static func == (a: Series, b: Series) -> Bool {
            a.labels.elementsEqual(b.labels) { $0 == $1 } && a.timesMs == b.timesMs
                && a.values.map(\.bitPattern) == b.values.map(\.bitPattern)
                && a.histograms.elementsEqual(b.histograms) { $0 == $1 }
        }

        func label(_ name: String) -> String { labels.first { $0.name == name }?.value ?? "" }
    }

    enum Value: Sendable, Equatable {
        case scalar(timeMs: Int64, Double)
        case string(timeMs: Int64, String)
        /// One value each.
        case vector([Series])
        /// Values over time.
        case matrix([Series])

        var isEmpty: Bool {
            switch self {
            case .scalar, .string: false
            case .vector(let series), .matrix(let series): series.isEmpty
            }
        }
    }

    var value: Value
    var warnings: [String] = []
    var infos: [String] = []
}

/// Why bytes are no answer of this API.
struct QueryAnswerError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ reason: String) {
        description = reason
    }
}

extension QueryAnswer {
    /// Reads the body of an answer of `/api/v1/query` or `/api/v1/query_range`.
    init(_ body: Span<UInt8>) throws(QueryAnswerError) {
        var parts = Parts()
        do {
            var reader = try JSONReader(body)
            guard reader.enter(.object) else { throw QueryAnswerError("it is no JSON object") }
            while let name = reader.nextMember() {
                switch name {
                case "data": try parts.readData(&reader)
                case "warnings": parts.warnings = Self.texts(&reader)
                case "infos": parts.infos = Self.texts(&reader)
                default: reader.skip()
                }
            }
        } catch let error as QueryAnswerError {
            throw error
        } catch {
            throw QueryAnswerError("it is \(error)")
        }
        self.init(value: try parts.value(), warnings: parts.warnings, infos: parts.infos)
    }

    private static func texts(_ reader: inout JSONReader) -> [String] {
        var texts: [String] = []
        guard reader.enter(.array) else { return [] }
        while reader.nextElement() { if let text = reader.string() { texts.append(text) } }
        return texts
    }
}

/// The members of an answer as they come, in whatever order.
private struct Parts {
    var type = ""
    var series: [QueryAnswer.Series] = []
    var pair: (timeMs: Int64, text: String)?
    var warnings: [String] = []
    var infos: [String] = []

    func value() throws(QueryAnswerError) -> QueryAnswer.Value {
        switch (type, pair) {
        case ("vector", _): return .vector(series)
        case ("matrix", _): return .matrix(series)
        case ("scalar", let pair?):
            guard let value = FloatReading.float(pair.text) else { break }
            return .scalar(timeMs: pair.timeMs, value)
        case ("string", let pair?): return .string(timeMs: pair.timeMs, pair.text)
        default: break
        }
        throw QueryAnswerError("its result is none of scalar, string, vector and matrix, but \(Quoted.text(type))")
    }

    mutating func readData(_ reader: inout JSONReader) throws(QueryAnswerError) {
        guard reader.enter(.object) else { throw QueryAnswerError("its data is no object") }
        while let name = reader.nextMember() {
            switch name {
            case "resultType": type = reader.string() ?? ""
            case "result": try readResult(&reader)
            default: reader.skip()
            }
        }
    }

    /// A list of series, or the pair of a scalar or string.
    private mutating func readResult(_ reader: inout JSONReader) throws(QueryAnswerError) {
        guard reader.enter(.array) else { throw QueryAnswerError("its result is no list") }
        var time: Int64?
        while reader.nextElement() {
            switch reader.kind {
            case .object: series.append(try readSeries(&reader))
            case .number: time = Self.ms(reader.number() ?? "")
            case .string:
                let text = reader.string() ?? ""
                if let time { pair = (time, text) }
            default: throw QueryAnswerError("its result holds something that is neither a series nor a sample")
            }
        }
    }

    private func readSeries(_ reader: inout JSONReader) throws(QueryAnswerError) -> QueryAnswer.Series {
        var series = QueryAnswer.Series()
        _ = reader.enter(.object)
        while let name = reader.nextMember() {
            switch name {
            case "metric":
                guard reader.enter(.object) else { throw QueryAnswerError("a series has no labels") }
                while let label = reader.nextMember() { series.labels.append((label, reader.string() ?? "")) }
            case "value": try readFloat(&reader, into: &series)
            case "values":
                guard reader.enter(.array) else { throw QueryAnswerError("a series has no list of values") }
                while reader.nextElement() { try readFloat(&reader, into: &series) }
            case "histogram": try readHistogram(&reader, into: &series)
            case "histograms":
                guard reader.enter(.array) else { throw QueryAnswerError("a series has no list of histograms") }
                while reader.nextElement() { try readHistogram(&reader, into: &series) }
            default: reader.skip()
            }
        }
        return series
    }

    private func readFloat(
        _ reader: inout JSONReader, into series: inout QueryAnswer.Series
    ) throws(QueryAnswerError) {
        let noSample = QueryAnswerError("a sample is no pair of a time and a number in quotes")
        guard reader.enter(.array), reader.nextElement(), let time = Self.ms(reader.number() ?? ""),
            reader.nextElement(), let value = Double(reader.string() ?? ""), !reader.nextElement()
        else { throw noSample }
        series.timesMs.append(time)
        series.values.append(value)
    }

    private func readHistogram(
        _ reader: inout JSONReader, into series: inout QueryAnswer.Series
    ) throws(QueryAnswerError) {
        let noSample = QueryAnswerError("a sample is no pair of a time and a histogram")
        guard reader.enter(.array), reader.nextElement(), let time = Self.ms(reader.number() ?? ""),
            reader.nextElement(), reader.enter(.object)
        else { throw noSample }
        var count = ""
        var sum = ""
        var buckets: [String] = []
        while let name = reader.nextMember() {
            switch name {
            case "count": count = reader.string() ?? ""
            case "sum": sum = reader.string() ?? ""
            case "buckets":
                guard reader.enter(.array) else { throw noSample }
                while reader.nextElement() { buckets.append(try Self.bucket(&reader)) }
            default: reader.skip()
            }
        }
        guard !reader.nextElement(), let number = FloatReading.float(count) else { throw noSample }
        let text = (["count:\(count)", "sum:\(sum)"] + buckets).joined(separator: ", ")
        series.histograms.append((time, QueryAnswer.Histogram(count: number, text: "{\(text)}")))
    }

    /// `[0,"0.5","1","4"]` as `(0.5,1]:4`; the first number tells which bounds belong to the bucket.
    private static func bucket(_ reader: inout JSONReader) throws(QueryAnswerError) -> String {
        guard reader.enter(.array), reader.nextElement(), let bounds = Int(reader.number() ?? ""),
            reader.nextElement(), let lower = reader.string(), reader.nextElement(), let upper = reader.string(),
            reader.nextElement(), let count = reader.string(), !reader.nextElement()
        else { throw QueryAnswerError("a bucket of a histogram is not its bounds and its count") }
        let opens = bounds == 1 || bounds == 3 ? "[" : "("
        let closes = bounds == 0 || bounds == 3 ? "]" : ")"
        return "\(opens)\(lower),\(upper)\(closes):\(count)"
    }

    /// Milliseconds of seconds with a fraction.
    private static func ms(_ text: String) -> Int64? {
        guard let seconds = Double(text), seconds.magnitude < 9e15 else { return nil }
        return Int64((seconds * 1000).rounded())
    }
}

import Encoding
package import Model

/// Series as scripts and unit tests of rules write them: `http_requests{job="a"} 0+10x5 _ stale {{count:3}}`.
package struct SeriesDescription: Sendable {
    package enum Value: Sendable {
        case omitted
        case float(Double)
        /// `statesHint`: whether the text says anything of counter resets.
        case histogram(FloatHistogram, statesHint: Bool)
    }

    package var labels: Labels
    package var values: [Value]

    /// More values than this in one line are taken for a mistake.
    static let valuesMax = 1_000_000

    package static func parse(_ text: String) throws(ParseError) -> SeriesDescription {
        let bytes = Array(text.utf8)
        let end = metricEnd(bytes)
        let metric = String(decoding: bytes[..<end], as: UTF8.self)
        var values = SeriesValues(Array(bytes[end...]), query: text, offset: end)
        return SeriesDescription(labels: try Parser.parseMetric(metric), values: try values.all())
    }

    /// Behind the braces where there are any, otherwise behind the name.
    private static func metricEnd(_ bytes: [UInt8]) -> Int {
        var index = 0
        while index < bytes.count, Lexer.isAlphaNumeric(bytes[index]) || bytes[index] == UInt8(ascii: ":") {
            index += 1
        }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "{") else { return index }
        var quote: UInt8?
        while index < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == UInt8(ascii: "\\") { index += 1 } else if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`") {
                quote = byte
            } else if byte == UInt8(ascii: "}") {
                return index + 1
            }
            index += 1
        }
        return bytes.count
    }
}

/// Reads the values behind a metric.
private struct SeriesValues {
    private let bytes: [UInt8]
    private let query: String
    private let offset: Int
    private var position = 0
    private var values: [SeriesDescription.Value] = []

    init(_ bytes: [UInt8], query: String, offset: Int) {
        self.bytes = bytes
        self.query = query
        self.offset = offset
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error(_ message: String) -> ParseError {
        ParseError(
            message: message, position: PositionRange(start: offset + position, end: query.utf8.count), query: query)
    }

    private mutating func accept(_ byte: UnicodeScalar) -> Bool {
        guard current == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    mutating func all() throws(ParseError) -> [SeriesDescription.Value] {
        while true {
            while let byte = current, Lexer.isBlank(byte) { position += 1 }
            guard let byte = current else { return values }
            if byte == UInt8(ascii: "_") {
                try omitted()
            } else if byte == UInt8(ascii: "{") {
                try histograms()
            } else {
                try floats()
            }
            if let next = current, !Lexer.isBlank(next) {
                throw error("unexpected character in series sequence: '\(String(UnicodeScalar(next)))'")
            }
        }
    }

    /// The count behind an `x`; nil where there is none.
    private mutating func repetition() throws(ParseError) -> Int? {
        guard accept("x") else { return nil }
        let start = position
        while let byte = current, Lexer.isDigit(byte) { position += 1 }
        guard let count = Int(String(decoding: bytes[start..<position], as: UTF8.self)),
            values.count + count < SeriesDescription.valuesMax
        else { throw error("invalid repetition in series values") }
        return count
    }

    private mutating func omitted() throws(ParseError) {
        position += 1
        let count = try repetition() ?? 1
        values.append(contentsOf: repeatElement(.omitted, count: count))
    }

    private mutating func floats() throws(ParseError) {
        let first = try number()
        var step = 0.0
        if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") {
            step = try number()
            guard let count = try repetition() else { throw error("missing repetition in series values") }
            append(first, step, count)
        } else {
            append(first, step, try repetition() ?? 0)
        }
    }

    /// Adds up step by step, as rounding would show otherwise.
    private mutating func append(_ first: Double, _ step: Double, _ count: Int) {
        var value = first
        for _ in 0...count {
            values.append(.float(value))
            value += step
        }
    }

    private mutating func number() throws(ParseError) -> Double {
        let start = position
        let isNegative = current == UInt8(ascii: "-")
        if isNegative || current == UInt8(ascii: "+") { position += 1 }
        let digits = position
        if let byte = current, Lexer.isAlpha(byte) {
            while let byte = current, Lexer.isAlpha(byte), byte != UInt8(ascii: "x") { position += 1 }
        } else {
            while let byte = current, isNumberPart(byte) { position += 1 }
        }
        let text = String(decoding: bytes[digits..<position], as: UTF8.self)
        if text == "stale" { return StaleMarker.value }
        guard let value = FloatReading.number(text) else {
            let shown = String(decoding: bytes[start..<position], as: UTF8.self)
            throw error("unexpected \(Quoted.text(shown)) in series values")
        }
        return isNegative ? -value : value
    }

    private func isNumberPart(_ byte: UInt8) -> Bool {
        if Lexer.isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") { return true }
        if byte | 0x20 == UInt8(ascii: "e") { return true }
        let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
        return isSign && position > 0 && bytes[position - 1] | 0x20 == UInt8(ascii: "e")
    }

    private mutating func histograms() throws(ParseError) {
        let first = try histogram()
        var change: FloatHistogram?
        var statesHint = first.statesHint
        let isSubtraction = current == UInt8(ascii: "-")
        if isSubtraction || current == UInt8(ascii: "+") {
            position += 1
            let parsed = try histogram()
            change = parsed.value
            statesHint = parsed.statesHint
        }
        let count = try repetition() ?? 0
        var value = first.value
        for index in 0...count {
            values.append(.histogram(value, statesHint: statesHint))
            guard let change, index < count else { continue }
            do throws(IncompatibleHistograms) {
                _ = isSubtraction ? try value.subtract(change) : try value.add(change)
            } catch {
                throw self.error("histograms with exponential and custom buckets do not add up")
            }
        }
    }

    private mutating func histogram() throws(ParseError) -> (value: FloatHistogram, statesHint: Bool) {
        guard accept("{"), accept("{") else { throw error("histogram description incomplete") }
        let start = position
        while position + 1 < bytes.count, !(current == UInt8(ascii: "}") && bytes[position + 1] == UInt8(ascii: "}")) {
            position += 1
        }
        guard position + 1 < bytes.count else { throw error("histogram description incomplete") }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        position += 2
        var description = HistogramDescription()
        do throws(HistogramDescription.Failure) {
            try description.read(text)
        } catch {
            throw self.error(error.message)
        }
        return (description.histogram, description.statesHint)
    }
}

/// The inside of `{{...}}`: keys with numbers, lists or words.
private struct HistogramDescription {
    struct Failure: Error {
        let message: String
    }

    private(set) var statesHint = false
    private var fields: [String: String] = [:]
    private(set) var histogram = FloatHistogram(schema: 0)

    mutating func read(_ text: String) throws(Failure) {
        var rest = Substring(text)
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { break }
            guard let colon = rest.firstIndex(of: ":") else {
                throw Failure(message: "missing `:` for histogram descriptor")
            }
            let key = String(rest[..<colon]).lowercased()
            rest = rest[rest.index(after: colon)...].drop { $0 == " " }
            let isList = rest.first == "["
            let value = rest.prefix { isList ? $0 != "]" : $0 != " " }
            rest = rest[value.endIndex...].drop { $0 == "]" }
            if fields.updateValue(String(value.drop { $0 == "[" }), forKey: key) != nil {
                throw Failure(message: "duplicate key \"\(key)\" in histogram")
            }
        }
        try build()
    }

    private mutating func number(_ key: String) throws(Failure) -> Double {
        guard let text = fields.removeValue(forKey: key) else { return 0 }
        guard let value = FloatReading.number(text) else {
            throw Failure(message: "error parsing \(key) number: \(text)")
        }
        return value
    }

    private mutating func list(_ key: String) throws(Failure) -> [Double] {
        guard let text = fields.removeValue(forKey: key) else { return [] }
        var numbers: [Double] = []
        for part in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
            guard let value = FloatReading.number(String(part)) else {
                throw Failure(message: "error parsing \(key) float array: \(text)")
            }
            numbers.append(value)
        }
        return numbers
    }

    private mutating func run(_ buckets: String, _ offset: String) throws(Failure) -> BucketRun {
        let first = Int32(try number(offset))
        var run = BucketRun()
        for (index, count) in try list(buckets).enumerated() { run.append(first + Int32(index), count) }
        return run
    }

    private mutating func build() throws(Failure) {
        histogram.schema = Int32(try number("schema"))
        histogram.sum = try number("sum")
        histogram.count = try number("count")
        histogram.zeroCount = try number("z_bucket")
        histogram.zeroThreshold = try number("z_bucket_w")
        histogram.customBounds = try list("custom_values")
        histogram.positive = try run("buckets", "offset")
        histogram.negative = try run("n_buckets", "n_offset")
        if let hint = fields.removeValue(forKey: "counter_reset_hint") {
            statesHint = true
            switch hint {
            case "unknown": histogram.hint = .unknown
            case "reset": histogram.hint = .reset
            case "not_reset": histogram.hint = .notReset
            case "gauge": histogram.hint = .gauge
            default: throw Failure(message: "bad histogram descriptor found: \"\(hint)\"")
            }
        }
        if let unknown = fields.keys.sorted().first {
            throw Failure(message: "bad histogram descriptor found: \"\(unknown)\"")
        }
    }
}

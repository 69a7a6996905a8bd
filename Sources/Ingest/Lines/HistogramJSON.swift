import Encoding
import Model

/// A native histogram as an object of JSON, exact in every bit.
enum HistogramJSON {
    static func write(_ histogram: SampleBatch.Histogram, to json: inout JSONWriter) {
        let value = histogram.value
        json.beginObject()
        json.member("timestamp", Int(histogram.timestampMs))
        if histogram.startTimestampMs != 0 { json.member("start", Int(histogram.startTimestampMs)) }
        json.member("schema", Int(value.schema))
        if value.counterResetHint != .unknown { json.member("reset", Self.name(of: value.counterResetHint)) }
        member("zeroThreshold", value.zeroThreshold, &json)
        member("sum", value.sum, &json)
        switch value.counts {
        case .integer(let count, let zero, let positive, let negative):
            json.name("count")
            json.number(count)
            json.name("zeroCount")
            json.number(zero)
            list("positive", positive, &json) { $1.number($0) }
            list("negative", negative, &json) { $1.number($0) }
        case .float(let count, let zero, let positive, let negative):
            json.member("isFloat", true)
            member("count", count, &json)
            member("zeroCount", zero, &json)
            list("positive", positive, &json, exact)
            list("negative", negative, &json, exact)
        }
        list("positiveSpans", value.positiveSpans, &json, span)
        list("negativeSpans", value.negativeSpans, &json, span)
        list("customBounds", value.customBounds, &json, exact)
        json.endObject()
    }

    private static func member(_ name: String, _ value: Double, _ json: inout JSONWriter) {
        json.name(name)
        exact(value, &json)
    }

    /// A number that JSON has no form for is text: `"Infinity"`, `"-Infinity"`, or the bits of a NaN.
    private static func exact(_ value: Double, _ json: inout JSONWriter) {
        if value.isNaN { return json.string(JSONLines.hexadecimal(value)) }
        if value.isInfinite { return json.string(value > 0 ? "Infinity" : "-Infinity") }
        json.number(value)
    }

    private static func span(_ span: NativeHistogram.Span, _ json: inout JSONWriter) {
        json.beginArray()
        json.number(Int(span.offset))
        json.number(Int(span.length))
        json.endArray()
    }

    private static func list<Element>(
        _ name: String, _ elements: [Element], _ json: inout JSONWriter,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        guard !elements.isEmpty else { return }
        json.name(name)
        json.beginArray()
        for element in elements { write(element, &json) }
        json.endArray()
    }

    private static let hints: [(hint: NativeHistogram.CounterResetHint, name: String)] = [
        (.unknown, "unknown"), (.reset, "reset"), (.notReset, "notReset"), (.gauge, "gauge"),
    ]

    private static func name(of hint: NativeHistogram.CounterResetHint) -> String {
        hints.first { $0.hint == hint }?.name ?? "unknown"
    }
}

extension HistogramJSON {
    /// Why an object is no histogram.
    struct Flaw: Error {
        let member: String
        var sentence: String { "the member \(Quoted.text(member)) of a histogram is missing or not what it should be" }
    }

    static func read(_ json: JSONValue) throws(Flaw) -> SampleBatch.Histogram {
        let isFloat = json["isFloat"]?.bool ?? false
        let counts: NativeHistogram.Counts =
            if isFloat {
                .float(
                    count: try double(json, "count"), zero: try double(json, "zeroCount"),
                    positive: try list(json, "positive", double), negative: try list(json, "negative", double))
            } else {
                .integer(
                    count: try whole(json, "count"), zero: try whole(json, "zeroCount"),
                    positive: try list(json, "positive") { $0.unsigned },
                    negative: try list(json, "negative") { $0.unsigned })
            }
        guard let schema = json["schema"]?.int.flatMap(Int32.init(exactly:)) else { throw Flaw(member: "schema") }
        let value = NativeHistogram(
            schema: schema, counterResetHint: try hint(json), zeroThreshold: try double(json, "zeroThreshold"),
            sum: try double(json, "sum"), counts: counts, positiveSpans: try list(json, "positiveSpans", span),
            negativeSpans: try list(json, "negativeSpans", span), customBounds: try list(json, "customBounds", double))
        return SampleBatch.Histogram(
            timestampMs: try time(json, "timestamp"),
            startTimestampMs: json["start"] == nil ? 0 : try time(json, "start"), value: value)
    }

    private static func hint(_ json: JSONValue) throws(Flaw) -> NativeHistogram.CounterResetHint {
        guard let json = json["reset"] else { return .unknown }
        guard let known = hints.first(where: { $0.name == json.text }) else { throw Flaw(member: "reset") }
        return known.hint
    }

    private static func time(_ json: JSONValue, _ member: String) throws(Flaw) -> Int64 {
        guard let time = json[member]?.int else { throw Flaw(member: member) }
        return Int64(time)
    }

    private static func whole(_ json: JSONValue, _ member: String) throws(Flaw) -> UInt64 {
        guard let number = json[member]?.unsigned else { throw Flaw(member: member) }
        return number
    }

    private static func double(_ json: JSONValue, _ member: String) throws(Flaw) -> Double {
        guard let number = json[member].flatMap(double) else { throw Flaw(member: member) }
        return number
    }

    private static func double(_ json: JSONValue) -> Double? {
        switch json.text {
        case nil: json.double
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        case let text?: JSONLines.notANumber(text)
        }
    }

    private static func span(_ json: JSONValue) -> NativeHistogram.Span? {
        guard let pair = json.elements, pair.count == 2, let offset = pair[0].int.flatMap(Int32.init(exactly:)),
            let length = pair[1].int.flatMap(UInt32.init(exactly:))
        else { return nil }
        return NativeHistogram.Span(offset: offset, length: length)
    }

    private static func list<Element>(
        _ json: JSONValue, _ member: String, _ element: (JSONValue) -> Element?
    ) throws(Flaw) -> [Element] {
        guard let json = json[member] else { return [] }
        guard let elements = json.elements else { throw Flaw(member: member) }
        let read = elements.compactMap(element)
        guard read.count == elements.count else { throw Flaw(member: member) }
        return read
    }
}

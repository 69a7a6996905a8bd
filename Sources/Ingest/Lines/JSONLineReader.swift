package import Encoding
package import Model

/// Reads JSON lines into a batch, one series a line. A line that is flawed leaves the batch as it was.
package struct JSONLineReader: Sendable {
    private var fields = JSONFields()
    private var labelFields = JSONFields()
    private var labels = CheckedLabels()
    private let seed: Hash128

    /// - Parameter seed: of the keys by which the store knows series.
    package init(seed: Hash128) {
        self.seed = seed
    }

    /// Appends the series of a line.
    ///
    /// - Returns: where in the line its labels lie, for `writeLabels`.
    package mutating func read(_ line: Span<UInt8>, into batch: inout SampleBatch) throws(LineFlaw) -> Range<Int> {
        guard fields.scan(line) else { throw LineFlaw(Self.syntax(line)) }
        let before = (batch.values.count, batch.timestampsMs.count, batch.histograms.count)
        do throws(LineFlaw) {
            return try readFields(line, into: &batch)
        } catch {
            batch.values.removeLast(batch.values.count - before.0)
            batch.timestampsMs.removeLast(batch.timestampsMs.count - before.1)
            batch.histograms.removeLast(batch.histograms.count - before.2)
            if batch.startTimestampsMs.count > before.0 {
                batch.startTimestampsMs.removeLast(batch.startTimestampsMs.count - before.0)
            }
            throw error
        }
    }

    /// Appends the canonical labels of a series to the batch.
    ///
    /// - Parameter metric: what `read` returned a range of.
    package mutating func writeLabels(_ metric: Span<UInt8>, into bytes: inout [UInt8]) throws(LabelFlaw) -> Range<Int>
    {
        labels.removeAll()
        guard labelFields.scan(metric) else {
            throw labels.refusal(.malformed("\"metric\" is no object of strings"))
        }
        for field in labelFields.fields {
            guard field.kind == .string else {
                throw labels.refusal(.malformed("a label of \"metric\" is no string"))
            }
            var name: [UInt8] = []
            var value: [UInt8] = []
            JSONText.unescape(metric.extracting(field.name), into: &name)
            JSONText.unescape(metric.extracting(field.value), into: &value)
            labels.append(name.span, value.span)
        }
        return try labels.write(into: &bytes)
    }

    private static func syntax(_ line: Span<UInt8>) -> String {
        do throws(JSONError) {
            try JSONSyntax.check(line)
            return
                "a line has to be an object such as {\"metric\":{\"__name__\":\"up\"},\"values\":[1],\"timestamps\":[1700000000000]}"
        } catch {
            return "it is no JSON: \(error)"
        }
    }

    private mutating func readFields(_ line: Span<UInt8>, into batch: inout SampleBatch) throws(LineFlaw) -> Range<Int>
    {
        let first = batch.values.count
        let firstHistogram = batch.histograms.count
        var metric: Range<Int>?
        var nans: Range<Int>?
        for field in fields.fields {
            let name = JSONText.string(line.extracting(field.name), hasEscapes: field.nameHasEscapes)
            guard let kind = Self.members[name] else { continue }
            guard field.kind == kind else { throw LineFlaw("\"\(name)\" is not what it should be") }
            let value = line.extracting(field.value)
            switch name {
            case "metric": metric = field.value
            case "values": try Self.readValues(value, into: &batch.values)
            case "timestamps": try Self.readTimes(value, name, into: &batch.timestampsMs)
            case "nans": nans = field.value
            case "starts":
                Self.pad(&batch.startTimestampsMs, to: first)
                try Self.readTimes(value, name, into: &batch.startTimestampsMs)
            default: try Self.readHistograms(value, into: &batch.histograms)
            }
        }
        guard let metric else { throw LineFlaw("\"metric\" is missing") }
        let count = batch.values.count - first
        guard batch.timestampsMs.count - first == count else {
            throw LineFlaw("there are \(count) values and \(batch.timestampsMs.count - first) timestamps")
        }
        if let nans { try Self.readNaNs(line.extracting(nans), into: &batch.values, from: first) }
        if !batch.startTimestampsMs.isEmpty {
            let starts = batch.startTimestampsMs.count - first
            guard starts <= 0 || starts == count else {
                throw LineFlaw("there are \(count) values and \(starts) starts")
            }
            Self.pad(&batch.startTimestampsMs, to: batch.values.count)
        }
        batch.series.append(
            SampleBatch.Series(
                key: Hash128.of(line.extracting(metric), seed: seed), samples: first..<batch.values.count,
                histograms: firstHistogram..<batch.histograms.count))
        return metric
    }

    /// The members that are read; others are passed over.
    private static let members: [String: JSONFields.Kind] = [
        "metric": .object, "values": .array, "timestamps": .array, "nans": .array, "starts": .array,
        "histograms": .array,
    ]

    private static func pad(_ starts: inout [Int64], to count: Int) {
        while starts.count < count { starts.append(0) }
    }
}

extension JSONLineReader {
    private static func readValues(_ bytes: Span<UInt8>, into values: inout [Double]) throws(LineFlaw) {
        var at = 1
        while let start = nextElement(bytes, &at) {
            if let (value, end) = FloatReading.decimal(bytes, from: start), isElementEnd(bytes, end) {
                values.append(value)
                at = end
                continue
            }
            let end = elementEnd(bytes, from: start)
            let text = text(bytes.extracting(start..<end))
            guard let value = specials[text] ?? FloatReading.float(text) else {
                throw LineFlaw("the value \(Quoted.text(text)) is no number")
            }
            values.append(value)
            at = end
        }
    }

    /// What stands for values that JSON has no number for; VictoriaMetrics takes these spellings.
    private static let specials: [String: Double] = {
        var specials: [String: Double] = ["null": Double(bitPattern: JSONLines.nullBits)]
        for name in ["nan", "NaN", "null", "Null"] { specials["\"\(name)\""] = Double(bitPattern: JSONLines.nullBits) }
        for name in ["inf", "Inf", "infinity", "Infinity"] {
            specials["\"\(name)\""] = .infinity
            specials["\"-\(name)\""] = -.infinity
        }
        return specials
    }()

    private static func readTimes(_ bytes: Span<UInt8>, _ name: String, into times: inout [Int64]) throws(LineFlaw) {
        var at = 1
        while let start = nextElement(bytes, &at) {
            let end = elementEnd(bytes, from: start)
            guard let time = integer(bytes.extracting(start..<end)) else {
                throw LineFlaw(
                    "\"\(name)\" holds \(Quoted.text(text(bytes.extracting(start..<end)))), which is no number of milliseconds"
                )
            }
            times.append(time)
            at = end
        }
    }

    @inline(__always)
    private static func integer(_ digits: Span<UInt8>) -> Int64? {
        // Eighteen digits cannot overflow.
        guard digits.count > 0, digits.count <= 18, digits[0] != UInt8(ascii: "-") else {
            return slowInteger(text(digits))
        }
        var value: Int64 = 0
        for index in digits.indices {
            let digit = digits[index] &- 0x30
            guard digit < 10 else { return slowInteger(text(digits)) }
            value = value &* 10 &+ Int64(digit)
        }
        return value
    }

    /// With a sign, a fraction that is zero or an exponent.
    private static func slowInteger(_ text: String) -> Int64? {
        Int64(text) ?? FloatReading.float(text).flatMap(Int64.init(exactly:))
    }

    private static func readNaNs(_ bytes: Span<UInt8>, into values: inout [Double], from first: Int) throws(LineFlaw) {
        let flaw = LineFlaw(
            "\"nans\" has to hold pairs of an index of a null in \"values\" and the 16 digits of a NaN's bits")
        guard let pairs = elements(bytes) else { throw flaw }
        for pair in pairs {
            guard let pair = pair.elements, pair.count == 2, let index = pair[0].int,
                let value = pair[1].text.flatMap(JSONLines.notANumber), (0..<values.count - first).contains(index),
                values[first + index].isNaN
            else { throw flaw }
            values[first + index] = value
        }
    }

    private static func readHistograms(
        _ bytes: Span<UInt8>, into histograms: inout [SampleBatch.Histogram]
    ) throws(LineFlaw) {
        guard let elements = elements(bytes) else { throw LineFlaw("\"histograms\" is no list of objects") }
        for element in elements {
            do throws(HistogramJSON.Flaw) {
                histograms.append(try HistogramJSON.read(element))
            } catch {
                throw LineFlaw(error.sentence)
            }
        }
    }

    private static func elements(_ bytes: Span<UInt8>) -> [JSONValue]? {
        (try? JSONValue.parse(bytes))?.elements  // the flaw names the member, which is all that matters
    }

    private static func text(_ bytes: Span<UInt8>) -> String { JSONText.string(bytes, hasEscapes: false) }

    /// Where the next element of an array begins; nil at its end.
    @inline(__always)
    private static func nextElement(_ bytes: Span<UInt8>, _ at: inout Int) -> Int? {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ","): at &+= 1
            case UInt8(ascii: "]"): return nil
            default: return at
            }
        }
        return nil
    }

    /// Whether what is read ends before this byte.
    @inline(__always)
    private static func isElementEnd(_ bytes: Span<UInt8>, _ end: Int) -> Bool {
        end < bytes.count && (bytes[end] == UInt8(ascii: ",") || bytes[end] == UInt8(ascii: "]") || bytes[end] <= 0x20)
    }

    /// Behind the last byte of a number or of a text without commas and brackets.
    @inline(__always)
    private static func elementEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: ","), UInt8(ascii: "]"), 0x20, 0x09, 0x0a, 0x0d: return end
            default: end &+= 1
            }
        }
        return end
    }
}

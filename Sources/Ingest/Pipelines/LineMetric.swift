import Encoding
import Model
import Posix

/// A metric that entries make as they pass: one series for each label set of their streams.
package final class LineMetric: Sendable {
    private enum Limits {
        /// Further streams make no series.
        static let seriesMax = 1_000
        static let bucketsMax = 64
    }

    private static let actions = ["inc", "dec", "add", "sub", "set"]

    package let name: String
    private let help: String
    private let type: String
    /// What to count: nil for the entries themselves.
    private let field: String?
    /// Entries whose field has another value are not counted.
    private let wanted: String?
    private let action: String
    private let countsBytes: Bool
    private let bounds: [Double]
    /// The value; of a histogram the counts of its buckets, all of them, and the sum.
    private let values = Lock<[Labels: [Double]]>([:])

    /// Reads `{type: histogram, help: ..., field: took, buckets: [0.1, 1]}`.
    init(_ name: String, _ section: YAMLSection) {
        self.name = name
        help = section.string("help") ?? "Made of lines of logs."
        type = section.choice("type", ["counter", "gauge", "histogram"]) ?? "counter"
        field = section.string("field")
        wanted = section.string("value")
        action = section.choice("action", Self.actions) ?? (type == "gauge" ? "set" : "inc")
        countsBytes = section.bool("bytes") ?? false
        bounds = (section.strings("buckets") ?? []).compactMap(FloatReading.float).filter(\.isFinite)
        if type == "counter", !["inc", "add"].contains(action) {
            section.refuse(at: "action", "a counter does not \(action)", "write inc or add, or type: gauge")
        }
        if field == nil, type == "histogram" || ["add", "sub", "set"].contains(action) && !countsBytes {
            section.refuse("the metric \(name) needs a number", "write the field that has it")
        }
        if type == "histogram",
            bounds.isEmpty || bounds.count > Limits.bucketsMax || !zip(bounds, bounds.dropFirst()).allSatisfy(<)
        {
            section.refuse("the buckets of \(name) are none", "write 1 to \(Limits.bucketsMax) growing numbers")
        }
        section.finish()
    }

    func take(_ entry: borrowing StagedEntry) {
        var number = countsBytes ? Double(entry.line.count) : 1
        if let field {
            let text = entry.value(field)
            if text.isEmpty || wanted.map({ $0 != text }) ?? false { return }
            if type == "histogram" || ["add", "sub", "set"].contains(action) {
                guard let read = FloatReading.float(text), read.isFinite else { return }
                number = read
            }
        }
        if type == "counter", number < 0 { return }
        let (labels, taken) = (entry.labels, number)
        values.withLock { values in
            guard values[labels] != nil || values.count < Limits.seriesMax else { return }
            add(
                taken,
                to: &values[labels, default: [Double](repeating: 0, count: bounds.isEmpty ? 1 : bounds.count + 2)])
        }
    }

    private func add(_ number: Double, to row: inout [Double]) {
        guard bounds.isEmpty else {
            for place in bounds.indices where number <= bounds[place] { row[place] += 1 }
            row[bounds.count] += 1
            row[bounds.count + 1] += number
            return
        }
        switch action {
        case "set": row[0] = number
        case "dec", "sub": row[0] -= number
        default: row[0] += number
        }
    }

    /// Appends the series in Prometheus' text format.
    ///
    /// - Parameter hasHead: tells what the metric is, which is done once for each name.
    package func append(to page: inout [UInt8], hasHead: Bool) {
        let values = self.values.withLock { $0 }
        if hasHead, !values.isEmpty {
            let line = help.map { $0.isNewline || $0 == "\\" ? " " : $0 }
            page += "# HELP \(name) \(String(line))\n# TYPE \(name) \(type)\n".utf8
        }
        for (labels, row) in values.sorted(by: { $0.key < $1.key }) {
            if bounds.isEmpty {
                write("", labels, row[0], to: &page)
                continue
            }
            for (place, bound) in (bounds + [.infinity]).enumerated() {
                write("_bucket", labels, row[place], bound: bound, to: &page)
            }
            write("_count", labels, row[bounds.count], to: &page)
            write("_sum", labels, row[bounds.count + 1], to: &page)
        }
    }

    private func write(
        _ suffix: String, _ labels: Labels, _ value: Double, bound: Double? = nil, to page: inout [UInt8]
    ) {
        var builder = LabelsBuilder(labels)
        builder.set(Labels.metricName, name + suffix)
        if let bound { builder.set("le", FloatText.sample(bound)) }
        Labels.append(textOf: builder.labels().bytes.span, to: &page)
        page.append(UInt8(ascii: " "))
        FloatText.append(sample: value, to: &page)
        page.append(UInt8(ascii: "\n"))
    }
}

extension [LineMetric] {
    /// Appends all of them, those of one name together.
    package func append(to page: inout [UInt8]) {
        var last: String?
        for metric in sorted(by: { $0.name < $1.name }) {
            metric.append(to: &page, hasHead: metric.name != last)
            last = metric.name
        }
    }
}

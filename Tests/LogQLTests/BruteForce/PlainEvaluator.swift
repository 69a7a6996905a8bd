/// Evaluates generated queries entry by entry and step by step, with dictionaries.
struct PlainEvaluator {
    struct Failure: Error {}

    typealias Labels = [String: String]
    typealias Row = (labels: Labels, values: [Double?])

    /// One entry on its way.
    private struct Item {
        var ns: Int64
        var line: String
        var labels: Labels
        /// Names that parsers may not take.
        var taken: Set<String>
        var parsed: Set<String> = []
        var error = ""
    }

    struct Line: Hashable, Comparable {
        var ns: Int64
        var line: String
        var labels: String

        static func < (a: Line, b: Line) -> Bool { (a.ns, a.labels, a.line) < (b.ns, b.labels, b.line) }
    }

    let entries: [KnownEntry]

    static func text(_ labels: Labels) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
    }

    // MARK: pipeline

    private func item(_ entry: KnownEntry) -> Item {
        var labels = entry.stream
        for (name, value) in entry.metadata { labels[labels[name] == nil ? name : name + "_extracted"] = value }
        return Item(
            ns: entry.ns, line: entry.line, labels: labels, taken: Set(entry.stream.keys).union(entry.metadata.keys))
    }

    /// - Parameter wantsLabels: false where nobody looks at what parsers find, which are then left out.
    private func pass(_ entry: KnownEntry, _ query: GeneratedQuery, wantsLabels: Bool) -> Item? {
        let apps = query.app.split(separator: "|").map(String.init)
        guard query.app == ".+" || apps.contains(entry.stream["app"] ?? "") else { return nil }
        var item = item(entry)
        for stage in query.stages {
            switch stage {
            case .json, .logfmt: if wantsLabels { parse(stage, entry, &item) }
            default: if !keeps(stage, &item) { return nil }
            }
        }
        return item
    }

    private func parse(_ stage: GeneratedQuery.Stage, _ entry: KnownEntry, _ item: inout Item) {
        if case .json = stage {
            guard entry.format == .json else { return fail("JSONParserErr", &item) }
        } else if entry.format != .logfmt {
            return
        }
        for field in entry.fields {
            let name = item.taken.contains(field.name) ? field.name + "_extracted" : field.name
            if item.parsed.insert(name).inserted { item.labels[name] = field.value }
        }
    }

    private func fail(_ kind: String, _ item: inout Item) { if item.error.isEmpty { item.error = kind } }

    private func keeps(_ stage: GeneratedQuery.Stage, _ item: inout Item) -> Bool {
        switch stage {
        case .json, .logfmt: break
        case .contains(let needle, let isNegative): return item.line.contains(needle) != isNegative
        case .anyOf(let needles, _, let isNegative): return needles.contains { item.line.contains($0) } != isNegative
        case .folded(let needle, let isNegative): return item.line.lowercased().contains(needle) != isNegative
        case .among(let name, let values): return values.contains(item.labels[name] ?? "")
        case .line(let name): item.line = item.labels[name] ?? ""
        case .setEmpty(let name): item.labels[name] = ""
        case .text(let name, let sign, let value): return ((item.labels[name] ?? "") == value) == (sign == "=")
        case .number(let name, let sign, let number): return compare(name, sign, number, &item)
        case .either(let name, let value, let other, let number):
            return (item.labels[name] ?? "") == value || compare(other, ">", number, &item)
        case .lineFormat(let names): item.line = names.map { "<\(item.labels[$0] ?? "")>" }.joined()
        case .rename(let new, let old):
            if let value = item.labels.removeValue(forKey: old) { item.labels[new] = value }
        case .set(let new, let old): item.labels[new] = "[\(item.labels[old] ?? "")]"
        case .drop(let names): for name in names { item.labels[name] = nil }
        case .keep(let names): item.labels = item.labels.filter { names.contains($0.key) }
        case .noError: return item.error.isEmpty
        }
        return true
    }

    private func compare(_ name: String, _ sign: String, _ number: Double, _ item: inout Item) -> Bool {
        guard let text = item.labels[name] else { return false }
        guard let value = Double(text) else {
            fail("LabelFilterErr", &item)
            return true
        }
        switch sign {
        case ">=": return value >= number
        case ">": return value > number
        case "<": return value < number
        case "==": return value == number
        default: return value != number
        }
    }

    // MARK: answers

    /// An error stands behind the labels.
    func lines(_ query: GeneratedQuery) -> [Line] {
        var lines: [Line] = []
        for entry in entries {
            guard let item = pass(entry, query, wantsLabels: true) else { continue }
            let error = item.error.isEmpty ? "" : "!\(item.error)"
            lines.append(Line(ns: item.ns, line: item.line, labels: Self.text(item.labels) + error))
        }
        return lines.sorted()
    }

    func rows(_ query: GeneratedQuery, steps: [Int64]) throws -> [String: [Double?]] {
        let rangeNs = Int64(query.rangeSeconds) * 1_000_000_000
        var samples: [String: (labels: Labels, samples: [(ns: Int64, value: Double)])] = [:]
        let wantsLabels = wantsLabels(query)
        for entry in entries where steps.contains(where: { entry.ns <= $0 && entry.ns > $0 - rangeNs }) {
            guard var item = pass(entry, query, wantsLabels: wantsLabels) else { continue }
            var value = Double(item.line.utf8.count)
            if let unwrap = query.unwrap {
                guard let text = item.labels.removeValue(forKey: unwrap) else { continue }
                if let number = Double(text) { value = number } else { fail("SampleExtractionErr", &item) }
            }
            if !item.error.isEmpty { throw Failure() }
            let labels = query.grouping.map { grouped(item.labels, $0) } ?? item.labels
            samples[Self.text(labels), default: (labels, [])].samples.append((entry.ns, value))
        }
        var rows: [String: Row] = [:]
        for (key, series) in samples {
            var values: [Double?] = []
            for at in steps {
                let window = series.samples.filter { $0.ns <= at && $0.ns > at - rangeNs }
                values.append(window.isEmpty ? nil : Self.value(query, window.map(\.value)))
            }
            rows[key] = (series.labels, values)
        }
        if let outer = query.outer { rows = aggregate(rows, outer.operation, outer.grouping, steps.count) }
        var answer: [String: [Double?]] = [:]
        for (key, row) in rows where row.values.contains(where: { $0 != nil }) {
            answer[key] = row.values.map { value in value.map { $0 + (query.plus ?? 0) } }
        }
        return answer
    }

    /// Whether anybody looks at what parsers find: nobody where all labels are gone in the end.
    private func wantsLabels(_ query: GeneratedQuery) -> Bool {
        if query.unwrap != nil || query.grouping != nil { return true }
        for stage in query.stages {
            switch stage {
            case .contains, .anyOf, .folded, .json, .logfmt: continue
            case .line where !query.function.hasPrefix("bytes"): continue
            case .lineFormat where !query.function.hasPrefix("bytes"): continue
            default: return true
            }
        }
        guard let outer = query.outer, outer.operation == "sum" else { return true }
        return outer.grouping != nil
    }

    private func grouped(_ labels: Labels, _ grouping: GeneratedQuery.Grouping) -> Labels {
        labels.filter { grouping.names.contains($0.key) != grouping.isWithout }
    }

    private static func value(_ query: GeneratedQuery, _ values: [Double]) -> Double {
        let range = Double(query.rangeSeconds)
        let sum = values.reduce(0, +)
        let count = Double(values.count)
        switch query.function {
        case "count_over_time": return count
        case "rate": return (query.unwrap == nil ? count : sum) / range
        case "bytes_over_time", "sum_over_time": return sum
        case "bytes_rate": return sum / range
        case "avg_over_time": return sum / count
        case "min_over_time": return values.min() ?? .nan
        case "max_over_time": return values.max() ?? .nan
        case "first_over_time": return values[0]
        case "last_over_time": return values[values.count - 1]
        case "stddev_over_time":
            return (values.reduce(0) { $0 + ($1 - sum / count) * ($1 - sum / count) } / count).squareRoot()
        default:
            let sorted = values.sorted()
            let rank = GeneratedQuery.quantile * (count - 1)
            let upper = min(Int(rank) + 1, sorted.count - 1)
            return sorted[Int(rank)] + (sorted[upper] - sorted[Int(rank)]) * (rank - Double(Int(rank)))
        }
    }

    private func aggregate(
        _ rows: [String: Row], _ operation: String, _ grouping: GeneratedQuery.Grouping?, _ steps: Int
    ) -> [String: Row] {
        var groups: [String: (labels: Labels, members: [Row])] = [:]
        for row in rows.values {
            let labels = grouping.map { grouped(row.labels, $0) } ?? [:]
            groups[Self.text(labels), default: (labels, [])].members.append(row)
        }
        var result: [String: Row] = [:]
        for (key, group) in groups {
            for step in 0..<steps {
                let present = group.members.filter { $0.values[step] != nil }
                if operation == "topk" {
                    let order = present.sorted { a, b in
                        let (left, right) = (a.values[step] ?? 0, b.values[step] ?? 0)
                        return left != right ? left > right : Self.text(a.labels) < Self.text(b.labels)
                    }
                    for row in order.prefix(2) {
                        let none = [Double?](repeating: nil, count: steps)
                        result[Self.text(row.labels), default: (row.labels, none)].values[step] = row.values[step]
                    }
                } else {
                    let values = present.compactMap { $0.values[step] }
                    result[key, default: (group.labels, [])].values.append(
                        values.isEmpty ? nil : Self.fold(operation, values))
                }
            }
        }
        return result
    }

    private static func fold(_ operation: String, _ values: [Double]) -> Double {
        switch operation {
        case "sum": values.reduce(0, +)
        case "max": values.max() ?? .nan
        case "min": values.min() ?? .nan
        case "avg": values.reduce(0, +) / Double(values.count)
        default: Double(values.count)
        }
    }
}

import Encoding
import LogQL
import Model
import PromQL
import Storage
import TestSupport
import Testing

/// Runs Loki's script language: `clear`, `load`, `eval` and what is expected of it.
struct LogScriptRunner {
    struct Failure: CustomStringConvertible {
        var line: Int
        var description: String
    }

    private var store = MemoryLogStore()
    private(set) var evaluations = 0
    private(set) var failures: [Failure] = []

    /// How far two numbers may be apart.
    private static let tolerance = 1e-9

    mutating func run(_ script: String) throws {
        // A comment of its own is no line at all: blocks go on behind it.
        let lines = script.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.isIndentedComment }
            .map { Self.withoutComment(String($0)) }
        var at = 0
        while at < lines.count {
            let head = lines[at].trimmed
            let number = at + 1
            at += 1
            var block: [String] = []
            while at < lines.count, lines[at].first == " ", !lines[at].trimmed.isEmpty {
                block.append(lines[at].trimmed)
                at += 1
            }
            if head.isEmpty { continue }
            if head == "clear" {
                store = MemoryLogStore()
            } else if head == "load" {
                for line in block { try load(line) }
            } else {
                evaluations += 1
                if let failure = check(head, block) { failures.append(Failure(line: number, description: failure)) }
            }
        }
    }

    /// A sign of a comment counts outside of quotes.
    private static func withoutComment(_ line: String) -> String {
        var quote: Character?
        var text = ""
        var isEscaped = false
        for character in line {
            if let open = quote {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\", open == "\"" {
                    isEscaped = true
                } else if character == open {
                    quote = nil
                }
            } else if character == "\"" || character == "`" {
                quote = character
            } else if character == "#" {
                break
            }
            text.append(character)
        }
        return text
    }

    // MARK: load

    private func load(_ line: String) throws {
        var rest = line[...]
        let selectorEnd = try #require(rest.firstIndex(of: "}"))
        let labels = try Self.labels(String(rest[...selectorEnd]))
        rest = rest[rest.index(after: selectorEnd)...].drop { $0 == " " }
        let quote = try #require(rest.first)
        rest.removeFirst()
        let close = try #require(rest.firstIndex(of: quote))
        let text = String(rest[..<close])
        rest = rest[rest.index(after: close)...]
        var metadata: [(String, String)] = []
        if let open = rest.firstRange(of: "[metadata ") {
            let inside = rest[open.upperBound...].prefix { $0 != "]" }
            var pairs = inside[...]
            while let equals = pairs.firstIndex(of: "=") {
                let name = String(pairs[..<equals]).trimmed
                let value = pairs[equals...].dropFirst(2).prefix { $0 != "\"" }
                metadata.append((name, String(value)))
                pairs = pairs[value.endIndex...].dropFirst()
            }
            rest = rest[..<open.lowerBound]
        }
        let words = rest.filter { $0 != "[" && $0 != "]" }.split(separator: " ")
        let start = try #require(QueryDuration.nanoseconds(String(words[1])))
        var (step, count): (Int64, Int) = (0, 1)
        if words.count > 2 {
            step = try #require(QueryDuration.nanoseconds(String(words[4])))
            count = try #require(Int(words[6]))
        }
        var batch = LogBatch()
        let stream = batch.appendStream(labels)
        for index in 0..<count {
            let filled = text.replacing("{{.i}}", with: "\(index)")
            batch.append(
                start + Int64(index) * step, stream: stream, Array(filled.utf8).span,
                metadata: Self.canonical(metadata))
        }
        _ = try store.append(batch)
    }

    /// Empty values stay: metadata may have them.
    private static func canonical(_ pairs: [(String, String)]) -> Labels {
        var bytes: [UInt8] = []
        for (name, value) in pairs.sorted(by: { $0.0 < $1.0 }) {
            bytes.appendVarint(UInt64(name.utf8.count))
            bytes += name.utf8
            bytes.appendVarint(UInt64(value.utf8.count))
            bytes += value.utf8
        }
        return Labels(canonical: bytes)
    }

    private static func labels(_ selector: String) throws -> Labels {
        guard case .lines(let parsed) = try LogQuery(parsing: selector) else { return .empty }
        return Labels(parsed.matchers.map { ($0.name, $0.value) })
    }

    // MARK: eval

    private func check(_ head: String, _ expected: [String]) -> String? {
        let words = head.split(separator: " ", omittingEmptySubsequences: true)
        let isRange = words[1] == "range"
        let skipped = isRange ? 8 : 4
        let query = words.count > skipped ? String(head[words[skipped].startIndex...]) : ""
        let start = QueryDuration.nanoseconds(String(words[3])) ?? 0
        let end = isRange ? QueryDuration.nanoseconds(String(words[5])) ?? 0 : start
        let step = isRange ? QueryDuration.nanoseconds(String(words[7])) ?? 0 : 0
        do {
            guard case .metric(let expression) = try LogQuery(parsing: query) else { return "no metric query" }
            let engine = LogEngine(store: store)
            let value = try engine.metric(expression, startNs: start, endNs: end, stepNs: step).value
            return compare(value, expected, query)
        } catch {
            return checkFailure("\(error)", expected, query)
        }
    }

    private func checkFailure(_ message: String, _ expected: [String], _ query: String) -> String? {
        guard let first = expected.first, first.hasPrefix("expect fail") else { return "\(query): fails: \(message)" }
        if let text = first.after("expect fail msg:") {
            return message.contains(text) ? nil : "\(query): fails with \(message), not with \(text)"
        }
        if let pattern = first.after("expect fail regex:") {
            return message.contains(pattern) ? nil : "\(query): fails with \(message), not with \(pattern)"
        }
        return nil
    }

    private func compare(_ value: MetricValue, _ expected: [String], _ query: String) -> String? {
        if let first = expected.first, first.hasPrefix("expect fail") { return "\(query): does not fail" }
        let wanted = expected.filter { !$0.hasPrefix("expect") }
        switch value {
        case .scalar(let number):
            guard let text = wanted.first, let other = FloatReading.float(text), Self.equal(number, other) else {
                return "\(query): gives \(number), not \(wanted)"
            }
            return nil
        case .rows(let rows):
            var found: [(labels: Labels, values: [Double?])] = []
            for row in 0..<rows.count {
                found.append((rows.labels[row], (0..<rows.steps).map { rows.value(row, $0) }))
            }
            let isOrdered = expected.contains("expect ordered")
            guard wanted.count == found.count else { return "\(query): gives \(Self.text(found)), not \(wanted)" }
            for (place, line) in wanted.enumerated() {
                guard let (labels, values) = Self.series(line, steps: rows.steps) else { return "cannot read \(line)" }
                let index = isOrdered ? place : found.firstIndex { $0.labels == labels }
                guard let index, found[index].labels == labels,
                    zip(found[index].values, values).allSatisfy({ Self.equal($0, $1) })
                else { return "\(query): gives \(Self.text(found)), not \(wanted)" }
            }
            return nil
        }
    }

    private static func text(_ rows: [(labels: Labels, values: [Double?])]) -> String {
        rows.map { "\($0.labels) \($0.values.map { $0.map(FloatText.plain) ?? "_" })" }.joined(separator: "; ")
    }

    /// `{a="b"} 1 2 _`
    private static func series(_ line: String, steps: Int) -> (Labels, [Double?])? {
        guard let close = line.lastIndex(of: "}") else { return nil }
        guard case .lines(let parsed)? = try? LogQuery(parsing: String(line[...close])) else { return nil }
        let labels = canonical(parsed.matchers.map { ($0.name, $0.value) })
        let words = line[line.index(after: close)...].split(separator: " ")
        guard words.count == steps else { return nil }
        return (labels, words.map { $0 == "_" ? nil : FloatReading.float(String($0)) })
    }

    private static func equal(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
        if a == b { return true }
        return abs(a - b) <= tolerance * max(abs(a), abs(b))
    }
}

extension Substring {
    fileprivate var isIndentedComment: Bool { first == " " && drop { $0 == " " }.first == "#" }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " }.reversed())
    }

    fileprivate func after(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)).trimmed : nil
    }
}

import Encoding
import Model
import PromQL

/// Reads promqltest scripts: blocks of lines, each begun by a command and ended by an empty line.
struct ScriptReader {
    struct Failure: Error, CustomStringConvertible {
        var line: Int
        var message: String
        var description: String { "line \(line): \(message)" }
    }

    private let lines: [String]
    private var next = 0

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let trimmed = Self.trimmed(String(line))
            return trimmed.hasPrefix("#") ? "" : trimmed
        }
    }

    private static func trimmed(_ text: String) -> String {
        let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        let start = text.drop(while: blanks)
        return String(start.reversed().drop(while: blanks).reversed())
    }

    mutating func commands() throws -> [ScriptCommand] {
        var commands: [ScriptCommand] = []
        while next < lines.count {
            let line = lines[next]
            next += 1
            if line.isEmpty { continue }
            let word = line.prefix { $0 != " " && $0 != "\t" }
            if word == "clear" {
                commands.append(.clear)
            } else if word == "load" || word == "load_with_nhcb" {
                commands.append(.load(try load(line, withCustomBuckets: word == "load_with_nhcb")))
            } else if word.hasPrefix("eval") {
                commands.append(.evaluate(try evaluation(line)))
            } else {
                throw failure("invalid command \(line)")
            }
        }
        return commands
    }

    private func failure(_ message: String) -> Failure { Failure(line: next, message: message) }

    private mutating func blockLine() -> String? {
        guard next < lines.count, !lines[next].isEmpty else { return nil }
        next += 1
        return lines[next - 1]
    }

    private func duration(_ text: some StringProtocol) throws -> Int64 {
        let text = String(text)
        let isNegative = text.hasPrefix("-")
        let plain = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        do {
            let value = try Durations.milliseconds(of: plain)
            return isNegative ? -value : value
        } catch {
            throw failure("\(error)")
        }
    }

    private mutating func load(_ line: String, withCustomBuckets: Bool) throws -> ScriptCommand.Load {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count == 2 else { throw failure("invalid load command") }
        var load = ScriptCommand.Load(stepMs: try duration(words[1]), withCustomBuckets: withCustomBuckets)
        var offsets: [Int64?] = []
        while let line = blockLine() {
            let first = line.prefix { $0 != " " && $0 != "\t" }
            if first.hasSuffix("@st") {
                offsets = try startOffsets(String(line.dropFirst(first.count)))
                continue
            }
            load.series.append((try SeriesDescription.parse(line), offsets))
            offsets = []
        }
        return load
    }

    /// `-1mx15`, `-30s-1mx2`, `_`, `_x3`: durations relative to each sample.
    private func startOffsets(_ text: String) throws -> [Int64?] {
        var offsets: [Int64?] = []
        for item in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
            let parts = item.split(separator: "x", maxSplits: 1)
            let count = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            if parts[0] == "_" {
                offsets += [Int64?](repeating: nil, count: max(1, count))
                continue
            }
            let body = parts[0]
            let split = body.dropFirst().firstIndex { $0 == "+" || $0 == "-" } ?? body.endIndex
            var offset = try duration(body[..<split])
            var step: Int64 = 0
            if split < body.endIndex {
                step = try duration(body[split...].drop { $0 == "+" })
            }
            for _ in 0...count {
                offsets.append(offset)
                offset += step
            }
        }
        return offsets
    }

    private mutating func evaluation(_ line: String) throws -> ScriptCommand.Evaluation {
        let number = next
        let words = line.split(maxSplits: 4, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count >= 3 else { throw failure("invalid eval command") }
        var evaluation: ScriptCommand.Evaluation
        if words[1] == "instant" {
            let parts = line.split(maxSplits: 4, whereSeparator: { $0 == " " || $0 == "\t" })
            guard parts.count == 5, parts[2] == "at" else { throw failure("invalid instant eval") }
            evaluation = ScriptCommand.Evaluation(
                line: number, expression: String(parts[4]), times: .instant(try instant(parts[3])))
        } else {
            let parts = line.split(maxSplits: 8, whereSeparator: { $0 == " " || $0 == "\t" })
            guard parts.count == 9, parts[2] == "from", parts[4] == "to", parts[6] == "step" else {
                throw failure("invalid range eval")
            }
            evaluation = ScriptCommand.Evaluation(
                line: number, expression: String(parts[8]),
                times: .range(
                    startMs: try instant(parts[3]), endMs: try instant(parts[5]), stepMs: try duration(parts[7])))
        }
        switch words[0].dropFirst("eval".count) {
        case "_fail": evaluation.fails = .anything
        case "_ordered": evaluation.isOrdered = true
        case "_warn": evaluation.warnings = .some([])
        case "_info": evaluation.infos = .some([])
        default: break
        }
        while let line = blockLine() { try expectation(line, &evaluation) }
        return evaluation
    }

    /// A duration, or a bare number of seconds.
    private func instant(_ text: some StringProtocol) throws -> Int64 {
        if let seconds = Double(text) { return Int64(seconds * 1000) }
        return try duration(text)
    }

    private func expectation(_ line: String, _ evaluation: inout ScriptCommand.Evaluation) throws {
        guard line.hasPrefix("expect ") else {
            if let scalar = FloatReading.number(line) {
                evaluation.scalar = scalar
            } else {
                evaluation.series.append(try SeriesDescription.parse(line))
            }
            return
        }
        let rest = line.dropFirst("expect ".count).drop { $0 == " " || $0 == "\t" }
        let kind = rest.prefix { $0 != " " && $0 != "\t" }
        let text = Self.trimmed(String(rest.dropFirst(kind.count)))
        switch kind {
        case "fail": evaluation.fails = textExpectation(text)
        case "warn": Self.add(textExpectation(text), to: &evaluation.warnings)
        case "info": Self.add(textExpectation(text), to: &evaluation.infos)
        case "no_warn": evaluation.warnings = .none
        case "no_info": evaluation.infos = .none
        case "ordered": evaluation.isOrdered = true
        case "range":
            let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count == 7, words[0] == "vector" else { throw failure("invalid expectation \(line)") }
            evaluation.samples = (try instant(words[2]), try duration(words[6]))
        case "string":
            guard case .string(let literal) = try Parser.parse(text) else { throw failure("no string: \(text)") }
            evaluation.string = literal.value
        default: throw failure("invalid expectation \(line)")
        }
    }

    private func textExpectation(_ text: String) -> TextExpectation {
        if text.hasPrefix("msg:") { return .exactly(Self.trimmed(String(text.dropFirst("msg:".count)))) }
        if text.hasPrefix("regex:") { return .matching(Self.trimmed(String(text.dropFirst("regex:".count)))) }
        return .anything
    }

    private static func add(_ text: TextExpectation, to annotations: inout ScriptCommand.Evaluation.Annotations) {
        if case .some(let known) = annotations {
            annotations = .some(known + [text])
        } else {
            annotations = .some([text])
        }
    }
}

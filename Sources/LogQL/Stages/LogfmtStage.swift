import Encoding
import Model

/// `| logfmt`, `| logfmt --strict --keep-empty`, `| logfmt a, b="c"`.
///
/// Pairs that are malformed are passed over; with `--strict` they are an error of the entry.
struct LogfmtStage: ParserStage {
    static let keywords = ["logfmt"]

    let isStrict: Bool
    let keepsEmpty: Bool
    let extractions: [LabelExtraction]

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        var (isStrict, keepsEmpty) = (false, false)
        while parser.token.kind == .flag {
            switch parser.token.text {
            case "--strict": isStrict = true
            case "--keep-empty": keepsEmpty = true
            default:
                throw parser.failure("unknown parser flag: \(parser.token.text)", at: parser.token)
            }
            parser.advance()
        }
        return LogfmtStage(isStrict: isStrict, keepsEmpty: keepsEmpty, extractions: try parser.extractions())
    }

    var text: String {
        let flags = (isStrict ? " --strict" : "") + (keepsEmpty ? " --keep-empty" : "")
        return LabelExtraction.text("logfmt" + flags, extractions)
    }
    var read: [String]? { [] }

    func run(_ entry: PipelineEntry) -> Bool {
        var pairs = LogfmtPairs()
        var found: Set<String> = []
        while let pair = pairs.next(in: entry.line.span) {
            entry.value.removeAll(keepingCapacity: true)
            LogFields.append(entry.line.span.extracting(pair.value), hasEscapes: pair.hasEscapes, to: &entry.value)
            if extractions.isEmpty {
                if entry.value.isEmpty && !keepsEmpty { continue }
                entry.name.removeAll(keepingCapacity: true)
                entry.name.append(entry.line.span.extracting(pair.name))
                FieldLabel.sanitize(&entry.name)
                entry.labels.extract(entry.name.span, entry.value.span, wanted: entry.wanted)
            } else {
                let key = String(decoding: entry.line[pair.name], as: UTF8.self)
                for extraction in extractions where extraction.expression == key {
                    found.insert(extraction.label)
                    if entry.value.isEmpty && !keepsEmpty { continue }
                    entry.name = Array(extraction.label.utf8)
                    entry.labels.extract(entry.name.span, entry.value.span, wanted: entry.wanted)
                }
            }
        }
        if isStrict, pairs.isMalformed {
            entry.labels.fail("LogfmtParserErr", "logfmt syntax error at pos \(pairs.at) : unexpected '\"'")
        }
        if keepsEmpty {
            for extraction in extractions where !found.contains(extraction.label) {
                entry.name = Array(extraction.label.utf8)
                entry.labels.extract(entry.name.span, [UInt8]().span, wanted: entry.wanted)
            }
        }
        return true
    }
}

/// The pairs of a line one after the other; what is none is passed over.
struct LogfmtPairs {
    struct Pair {
        var name: Range<Int>
        /// What stands between the quotes where there are some.
        var value: Range<Int>
        var hasEscapes = false
    }

    private(set) var at = 0
    private(set) var isMalformed = false

    mutating func next(in line: Span<UInt8>) -> Pair? {
        while at < line.count {
            while at < line.count, line[at] <= 0x20 { at += 1 }
            guard at < line.count else { return nil }
            let start = at
            while at < line.count, line[at] > 0x20, line[at] != UInt8(ascii: "="), line[at] != UInt8(ascii: "\"") {
                at += 1
            }
            let name = start..<at
            if at < line.count, line[at] == UInt8(ascii: "\"") || name.isEmpty {
                skipWord(line)
                continue
            }
            guard at < line.count, line[at] == UInt8(ascii: "=") else { return Pair(name: name, value: at..<at) }
            at += 1
            if let pair = value(line, name) { return pair }
            skipWord(line)
        }
        return nil
    }

    private mutating func skipWord(_ line: Span<UInt8>) {
        isMalformed = true
        while at < line.count, line[at] > 0x20 { at += 1 }
    }

    private mutating func value(_ line: Span<UInt8>, _ name: Range<Int>) -> Pair? {
        guard at < line.count, line[at] == UInt8(ascii: "\"") else {
            let start = at
            while at < line.count, line[at] > 0x20 {
                if line[at] == UInt8(ascii: "\"") || line[at] == UInt8(ascii: "=") { return nil }
                at += 1
            }
            return Pair(name: name, value: start..<at)
        }
        let start = at + 1
        var (end, hasEscapes) = (start, false)
        while end < line.count, line[end] != UInt8(ascii: "\"") {
            if line[end] == UInt8(ascii: "\\") {
                hasEscapes = true
                end += 1
            }
            end += 1
        }
        guard end < line.count else {
            at = line.count
            isMalformed = true
            return nil
        }
        at = end + 1
        return Pair(name: name, value: start..<end, hasEscapes: hasEscapes)
    }
}

import LogQL
import Model
import Storage
import TestSupport

/// An entry whose fields are known because they were there before its line.
struct KnownEntry {
    enum Format: CaseIterable {
        case json, logfmt, plain
    }

    var ns: Int64
    var stream: [String: String]
    var metadata: [String: String]
    var format: Format
    var fields: [(name: String, value: String)]
    var line: String
}

/// Entries of a few streams with fields that share their names with labels now and then.
enum GeneratedLogs {
    static let fieldNames = ["status", "took", "level", "path", "app", "zone"]
    private static let distanceNs: Int64 = 1_500_000_000

    static func entries(_ count: Int, _ random: inout SeededGenerator) -> [KnownEntry] {
        var entries: [KnownEntry] = []
        for index in 0..<count { entries.append(entry(Int64(index) * distanceNs + 1, &random)) }
        return entries
    }

    private static func entry(_ ns: Int64, _ random: inout SeededGenerator) -> KnownEntry {
        var stream = ["app": one(of: ["a", "b", "c"], &random)]
        if Bool.random(using: &random) { stream["level"] = one(of: ["info", "error"], &random) }
        var metadata: [String: String] = [:]
        if Int.random(in: 0..<4, using: &random) == 0 { metadata["zone"] = one(of: ["eu", "us"], &random) }
        if Int.random(in: 0..<8, using: &random) == 0 { metadata["trace"] = one(of: ["t1", "t2", "t3"], &random) }
        let format = one(of: KnownEntry.Format.allCases, &random)
        let fields = format == .plain ? [] : fields(&random)
        return KnownEntry(
            ns: ns, stream: stream, metadata: metadata, format: format, fields: fields,
            line: line(format, fields, &random))
    }

    static func one<Element>(of elements: [Element], _ random: inout SeededGenerator) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    private static func fields(_ random: inout SeededGenerator) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for name in fieldNames.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random)) {
            let values =
                switch name {
                case "status": ["200", "404", "500", "500", "oops", "1e2"]
                case "took": ["1s", "250ms", "2m", "9"]
                case "level": ["info", "error", "warn"]
                case "path": ["/a", "/b/1", "/c"]
                default: ["a", "eu", "x1"]
                }
            fields.append((name, one(of: values, &random)))
        }
        return fields
    }

    private static func line(
        _ format: KnownEntry.Format, _ fields: [(name: String, value: String)], _ random: inout SeededGenerator
    ) -> String {
        switch format {
        case .plain:
            return one(
                of: ["started up", "error while reading", "An ERROR of level 5", "took too long for status 500"],
                &random)
        case .logfmt: return fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        case .json:
            var members: [String] = []
            for field in fields {
                let isNumber = Int(field.value) != nil && Bool.random(using: &random)
                members.append("\"\(field.name)\":" + (isNumber ? field.value : "\"\(field.value)\""))
            }
            return "{" + members.joined(separator: ",") + "}"
        }
    }

    static func batch(_ entries: some Sequence<KnownEntry>) -> LogBatch {
        var batch = LogBatch()
        for entry in entries {
            let stream = batch.appendStream(Labels(entry.stream.map { (name: $0.key, value: $0.value) }))
            let line = Array(entry.line.utf8)
            batch.append(
                entry.ns, stream: stream, line.span,
                metadata: Labels(entry.metadata.map { (name: $0.key, value: $0.value) }))
        }
        return batch
    }
}

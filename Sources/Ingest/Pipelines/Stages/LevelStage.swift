package import Encoding

/// `level`: finds how severe an entry is, from a field or from the first word of the line that says it, and keeps that as
/// a label, or as metadata with `metadata: true`.
package struct LevelStage: LogStage {
    package static let key = "level"

    private static let fields = ["level", "severity", "severity_text", "lvl", "loglevel", "log.level"]
    private static let words: [String: String] = [
        "trace": "trace", "trc": "trace", "debug": "debug", "dbg": "debug", "info": "info", "inf": "info",
        "information": "info", "notice": "info", "warn": "warn", "wrn": "warn", "warning": "warn", "error": "error",
        "err": "error", "fatal": "critical", "critical": "critical", "crit": "critical", "alert": "critical",
        "emergency": "critical", "emerg": "critical", "panic": "critical",
    ]
    /// Where in a line the word is looked for.
    private static let searchedBytes = 200

    private let name: String
    private let isMetadata: Bool

    package init(_ section: YAMLSection) {
        name = section.string("name") ?? "level"
        isMetadata = section.bool("metadata") ?? false
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        guard let level = Self.level(of: entry) else { return true }
        if isMetadata { entry.setMetadata(name, level) } else { entry.setLabel(name, level) }
        return true
    }

    private static func level(of entry: StagedEntry) -> String? {
        for field in fields {
            let value = entry.value(field)
            if !value.isEmpty { return words[value.lowercased()] }
        }
        var found: String?
        let start = entry.line.span.extracting(first: min(entry.line.count, searchedBytes))
        WordRuns.forEach(in: start) { run, hasDigit in
            guard found == nil, !hasDigit, run.count <= 11 else { return }
            found = words[String(decoding: entry.line[run], as: UTF8.self).lowercased()]
        }
        return found
    }
}

import Encoding
import Ingest
import Model
import Text

/// Which lines belong together.
package struct MultilineOptions: Sendable {
    /// What the first line of an event matches.
    var start: RegularExpression?
    /// Stack traces of Java, Python, Go and Swift go with the line before them.
    var joinsTraces = false
    var linesMax = 1000
    /// How long the last event waits for lines that belong to it.
    var waitMs: Int64 = 3000

    var isOn: Bool { start != nil || joinsTraces }

    init() {}

    init(_ section: YAMLSection) {
        start = section.expression("start")
        joinsTraces = section.bool("traces") ?? false
        linesMax = section.int("lines", in: 2...100_000) ?? linesMax
        if let ms = section.durationMs("wait"), ms > 0 { waitMs = ms }
        if section.value("start") == nil, !joinsTraces {
            section.refuse("multiline says neither start nor traces", "write traces: true, or start: '^\\d{4}-'")
        }
        section.finish()
    }
}

/// One entry of `logs.files`: which files, and what their lines are.
package struct LogFileOptions: Sendable {
    package enum Limits {
        package static let eventBytes = 256 << 10
    }

    var paths: [FileGlob] = []
    var excluded: [FileGlob] = []
    var labels: [String: String] = [:]
    /// Names its groups after labels that they become.
    var pathLabels: RegularExpression?
    var form = LineForm.plain
    var multiline = MultilineOptions()
    /// Whether a file that was never seen is read from its start rather than from what comes.
    var readsFromStart = true
    var eventBytesMax = Limits.eventBytes
    var pipeline = LogPipeline(stages: [])

    init(paths: [FileGlob]) { self.paths = paths }

    init(_ section: YAMLSection) {
        paths = Self.globs(section, "paths")
        if paths.isEmpty { section.refuse(at: "paths", "paths is missing", "write paths: [/var/log/*.log]") }
        excluded = Self.globs(section, "exclude")
        labels = section.texts("labels")
        pathLabels = section.expression("path_labels")
        form = section.choice("format", LineForm.allCases.map(\.rawValue)).flatMap(LineForm.init(rawValue:)) ?? .plain
        if let node = section.section("multiline") { multiline = MultilineOptions(node) }
        readsFromStart = section.choice("start_at", ["beginning", "end"]) != "end"
        if let bytes = section.bytes("line_limit"), bytes > 0 { eventBytesMax = Int(min(bytes, 16 << 20)) }
        pipeline = LogPipeline(stages: LogStages.read(section, "stages"))
        section.finish()
    }

    private static func globs(_ section: YAMLSection, _ key: String) -> [FileGlob] {
        (section.list(key) ?? []).compactMap { node in
            guard let text = section.reader.string(node, "an entry of \(key)") else { return nil }
            guard let glob = FileGlob(text) else {
                section.reader.refuse(
                    node, "\(Quoted.text(text)) is no pattern of absolute paths", "begin it with a slash")
                return nil
            }
            return glob
        }
    }

    /// The labels of a file's stream.
    func labels(ofFile path: String, adding common: [String: String]) -> Labels {
        var all = common.merging(labels) { $1 }
        all["filename"] = path
        if let pathLabels {
            var groups = CaptureRanges()
            let bytes = Array(path.utf8)
            if pathLabels.captures(in: bytes.span, into: &groups) {
                for (name, group) in pathLabels.groupNames {
                    if let range = groups[group] { all[name] = String(decoding: bytes[range], as: UTF8.self) }
                }
            }
        }
        return Labels(all.filter { !$0.value.isEmpty }.map { ($0.key, $0.value) })
    }
}

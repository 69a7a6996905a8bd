package import Encoding
package import Ingest
import Model
import Posix
import Text

/// What an agent sends and where: the sections `collector`, `labels`, `metrics`, `logs` and `buffer` of its configuration.
package struct ShippingOptions: Sendable {
    package var destinations: [DestinationOptions] = []
    /// Of every line and sample.
    package var labels: [String: String] = [:]
    /// Nil asks no provider.
    package var cloud: CloudIdentity?
    /// How often what the host measures is sent; nil sends none.
    package var intervalMs: Int64? = 15_000
    /// How often collectors are told that the agent lives; nil tells them nothing.
    package var heartbeatMs: Int64? = 15_000
    /// Services of this host that are scraped as a collector does.
    package var scrapes: [ScrapeOptions] = []
    package var files: [LogFileOptions] = []
    package var journald: JournaldOptions?
    package var syslog: [SyslogOptions] = []
    package var stdin: StandardInputOptions?
    /// Over all sources, after what a source has itself.
    package var pipelines: [LogPipeline] = []
    /// Where the spool lies.
    package var spool = "./obs-agent"
    package var spoolBytesMax = Spool.Limits.bytes

    package init() {}

    /// Reads its keys from the agent's configuration, which has others too.
    package init(inlineIn section: YAMLSection) {
        if let node = section.value("collector") {
            if case .sequence = node.content {
                for (index, entry) in section.sections("collector", "collector").enumerated() {
                    destinations.append(DestinationOptions(entry, index: index))
                }
            } else if let entry = section.section("collector") {
                destinations = [DestinationOptions(entry, index: 0)]
            }
        }
        let names = destinations.map(\.name)
        if Set(names).count < names.count {
            section.refuse(at: "collector", "two collectors have one name", "rename one")
        }
        labels = section.texts("labels")
        cloud = section.section("cloud").map(CloudIdentity.init)
        if let metrics = section.section("metrics") {
            if let ms = metrics.durationMs("interval"), ms > 0 { intervalMs = ms }
            if metrics.bool("send") == false { intervalMs = nil }
            metrics.finish()
        }
        if let heartbeat = section.section("heartbeat") {
            if let ms = heartbeat.durationMs("interval"), ms > 0 { heartbeatMs = ms }
            if heartbeat.bool("send") == false { heartbeatMs = nil }
            heartbeat.finish()
        }
        var defaults = ScrapeDefaults()
        defaults.intervalMs = intervalMs ?? 15_000
        defaults.timeoutMs = min(defaults.timeoutMs, defaults.intervalMs)
        scrapes = section.sections("scrape", "scrape config section").map { ScrapeOptions($0, defaults: defaults) }
        if destinations.isEmpty, !scrapes.isEmpty {
            section.refuse(at: "scrape", "targets are scraped and there is no collector", "write collector: {url: ...}")
        }
        if let logs = section.section("logs") { readLogs(logs) }
        if let buffer = section.section("buffer") {
            if let path = buffer.string("path") { spool = buffer.reader.joined(path) }
            if let bytes = buffer.bytes("size") { spoolBytesMax = Int(bytes) }
            if spoolBytesMax < Spool.Limits.bytesMin {
                buffer.refuse(
                    at: "size", "size is less than \(ByteSize.text(ofBytes: Int64(Spool.Limits.bytesMin)))",
                    "give it that at least")
            }
            buffer.finish()
        }
        if destinations.isEmpty, hasLogs {
            section.refuse(at: "logs", "logs are read and there is no collector", "write collector: {url: https://...}")
        }
    }

    private var hasLogs: Bool { !files.isEmpty || journald != nil || !syslog.isEmpty || stdin != nil }

    /// What the stages of all sources make of lines, for the agent's page.
    package var lineMetrics: [LineMetric] {
        let sources = files.map(\.pipeline) + [journald?.pipeline, stdin?.pipeline].compactMap(\.self)
        return (sources + pipelines).flatMap(\.metrics)
    }

    /// Each source may be left empty for its defaults: `journald: {}`.
    private mutating func readLogs(_ section: YAMLSection) {
        files = section.sections("files", "entry of files").map(LogFileOptions.init)
        journald = section.section("journald").map(JournaldOptions.init)
        syslog = section.sections("syslog", "syslog listener").compactMap { SyslogOptions($0) }
        stdin = section.section("stdin").map(StandardInputOptions.init)
        pipelines = section.sections("pipelines", "pipeline").map(LogPipeline.init)
        section.finish()
    }

    /// What identifies this host, over which `labels` win.
    package var hostLabels: [String: String] { ["host": Machine.hostname].merging(labels) { $1 } }
}

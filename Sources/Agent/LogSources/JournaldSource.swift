import Ingest
import Model
import Posix
import Telemetry

/// Reads systemd's journal on a thread of its own, from the cursor behind the last entry that the spool holds.
final class JournaldSource: Sendable {
    private enum Limits {
        static let waitMs = 200
        /// How long until a journal that cannot be read is opened again.
        static let retryNs: Int64 = 5_000_000_000
        static let fieldBytesMax = LogFileOptions.Limits.eventBytes
        /// Entries between two looks at the time.
        static let roundMax = 1000
    }

    private let thread: OwnedThread
    private let stopping: Monitor<Bool>

    init(
        _ options: JournaldOptions, labels: [String: String], pipelines: [LogPipeline], into spool: Spool,
        registry: Registry, log: Logger, time: any TimeSource = SystemTime()
    ) throws(SystemError) {
        let stopping = Monitor(false)
        self.stopping = stopping
        thread = try OwnedThread(name: "log-journald") {
            let batcher = LogBatcher(spool, "journald", [options.pipeline] + pipelines, registry, time)
            let entries = JournaldEntries(options, labels)
            func isStopping() -> Bool { stopping.withLock { $0 } }
            while !isStopping() {
                do {
                    try Self.read(options, entries, batcher, spool, time, isStopping)
                } catch {
                    log.error("the journal cannot be read", ["error": .error(error)])
                    _ = stopping.wait(atMostNs: Limits.retryNs) { $0 ? true : nil }
                }
            }
        }
    }

    func stop() {
        stopping.withLock { $0 = true }
        stopping.wakeAll()
        thread.join()
    }

    /// Reads until the end is asked for.
    private static func read(
        _ options: JournaldOptions, _ entries: JournaldEntries, _ batcher: LogBatcher, _ spool: Spool,
        _ time: any TimeSource, _ isStopping: () -> Bool
    ) throws {
        let reader = try JournalReader(
            directory: options.directory, matches: options.matches, fieldBytesMax: Limits.fieldBytesMax)
        if let cursor = spool.places[options.source] {
            try reader.resume(after: cursor)
        } else {
            try reader.begin(atNs: time.wallNs - options.ageMaxMs * 1_000_000)
        }
        while !isStopping(), batcher.isOpen {
            var count = 0
            while count < Limits.roundMax, let entry = try reader.next() {
                entries.add(entry, to: batcher)
                count += 1
            }
            if count > 0 { batcher.note(options.source, try reader.cursor()) }
            if batcher.isDue { try batcher.flush() }
            if count == 0 { reader.wait(atMostMs: Limits.waitMs) }
        }
        try batcher.flush()
    }
}

/// What entries of the journal become.
struct JournaldEntries {
    private static let metadata = [
        ("_PID", "pid"), ("_COMM", "command"), ("CODE_FILE", "code_file"), ("CODE_LINE", "code_line"),
        ("MESSAGE_ID", "message_id"),
    ]

    private let options: JournaldOptions
    private let labels: [String: String]
    private let fields: [(label: String, field: String)]

    init(_ options: JournaldOptions, _ labels: [String: String]) {
        self.options = options
        self.labels = labels.merging(["source": "journald"]) { $1 }.merging(options.labels) { $1 }
        fields = options.fieldLabels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func add(_ entry: JournalReader.Entry, to batcher: LogBatcher) {
        guard let message = entry.fields["MESSAGE"] else { return }
        var builder = LabelsBuilder()
        for (name, value) in labels { builder.set(name, value) }
        for (label, field) in fields {
            let value = entry.text(field)
            if !value.isEmpty { builder.set(label, value) }
        }
        let stream = builder.labels()
        builder = LabelsBuilder()
        if let severity = Int(entry.text("PRIORITY")), SyslogMessage.severities.indices.contains(severity) {
            builder.set("level", SyslogMessage.severities[severity])
        }
        for (field, name) in Self.metadata {
            let value = entry.text(field)
            if !value.isEmpty { builder.set(name, value) }
        }
        batcher.add(entry.timestampNs, stream, message.span, metadata: builder.labels())
    }
}

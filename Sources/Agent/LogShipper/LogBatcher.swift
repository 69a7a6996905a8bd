import Encoding
import Ingest
import Model
import Posix
import Storage
import Telemetry

/// Gathers entries of one source, runs its pipelines over them and puts them into the spool with the places behind them.
/// Owned by the thread that reads the source.
final class LogBatcher {
    enum Limits {
        static let bytesMax = 1 << 20
        static let entriesMax = 10_000
        /// How long an entry waits for others.
        static let lingerNs: Int64 = 500_000_000
    }

    private let spool: Spool
    private let pipelines: [LogPipeline]
    private let time: any TimeSource
    private let lines: Counter
    private var batch = LogBatch()
    private var streams: [Labels: Int] = [:]
    private var places: [String: String] = [:]
    private var firstNs: Int64 = 0
    private var encoder = LokiPushEncoder()
    /// False once the spool takes nothing more.
    private(set) var isOpen = true

    init(_ spool: Spool, _ source: String, _ pipelines: [LogPipeline], _ registry: Registry, _ time: any TimeSource) {
        self.spool = spool
        self.pipelines = pipelines.filter { !$0.isEmpty }
        self.time = time
        lines = Self.lines(of: source, registry)
    }

    /// Counts lines of a kind of source.
    static func lines(of source: String, _ registry: Registry) -> Counter {
        registry.counters(
            "obs_agent_log_lines_total", "Lines that were read, by kind of source.", labels: ["source"]
        ).with(source)
    }

    func add(_ timestampNs: Int64, _ labels: Labels, _ line: Span<UInt8>, metadata: Labels = .empty) {
        if batch.entries.isEmpty { firstNs = time.monotonicNs }
        let stream = streams[labels] ?? batch.appendStream(labels)
        streams[labels] = stream
        batch.append(timestampNs, stream: stream, line, metadata: metadata)
    }

    /// Notes how far a source is read with what was added.
    func note(_ source: String, _ place: String) {
        if batch.entries.isEmpty, places.isEmpty { firstNs = time.monotonicNs }
        places[source] = place
    }

    var isFull: Bool { batch.bytes.count >= Limits.bytesMax || batch.entries.count >= Limits.entriesMax }

    var isDue: Bool {
        !(batch.entries.isEmpty && places.isEmpty) && (isFull || time.monotonicNs - firstNs >= Limits.lingerNs)
    }

    /// Puts what was gathered into the spool, waiting while that is full.
    func flush() throws {
        guard isOpen, !(batch.entries.isEmpty && places.isEmpty) else { return }
        let kept = pipelines.isEmpty ? batch : LogPipeline.run(pipelines, batch).batch
        let body = kept.entries.isEmpty ? [] : try encoder.encode(kept)
        isOpen = try spool.append(logs: body, count: kept.entries.count, places: places)
        guard isOpen else { return }
        lines.add(batch.entries.count)
        batch.removeAll()
        streams.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
    }
}

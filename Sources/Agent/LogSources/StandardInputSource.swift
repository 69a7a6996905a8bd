import Encoding
import Ingest
import Model
import Posix
import Telemetry
import Text

/// `logs.stdin`: what another program pipes into the agent.
package struct StandardInputOptions: Sendable {
    var labels: [String: String] = [:]
    var form = LineForm.plain
    var multiline = MultilineOptions()
    var eventBytesMax = LogFileOptions.Limits.eventBytes
    var pipeline = LogPipeline(stages: [])

    init() {}

    init(_ section: YAMLSection) {
        labels = section.texts("labels")
        form = section.choice("format", LineForm.allCases.map(\.rawValue)).flatMap(LineForm.init(rawValue:)) ?? .plain
        if let node = section.section("multiline") { multiline = MultilineOptions(node) }
        if let bytes = section.bytes("line_limit"), bytes > 0 { eventBytesMax = Int(min(bytes, 16 << 20)) }
        pipeline = LogPipeline(stages: LogStages.read(section, "stages"))
        section.finish()
    }
}

/// Reads standard input on a thread of its own until it ends. While the spool is full the pipe is not read, so that the
/// program that writes waits.
final class StandardInputSource: Sendable {
    private enum Limits {
        static let readBytes = 64 << 10
        static let waitMs: Int32 = 100
    }

    private let thread: OwnedThread
    private let stopping = Lock(false)

    /// - Parameter descriptor: of the pipe.
    init(
        _ options: StandardInputOptions, labels: [String: String], pipelines: [LogPipeline], into spool: Spool,
        registry: Registry, log: Logger, descriptor: Int32 = 0, time: any TimeSource = SystemTime()
    ) throws(SystemError) {
        let labels = Labels(
            labels.merging(["source": "stdin"]) { $1 }.merging(options.labels) { $1 }.map { ($0.key, $0.value) })
        let stopping = stopping
        thread = try OwnedThread(name: "log-stdin") {
            let batcher = LogBatcher(spool, "stdin", [options.pipeline] + pipelines, registry, time)
            do {
                try Self.read(options, labels, batcher, descriptor, time) { stopping.withLock { $0 } }
            } catch {
                log.error("standard input cannot be read any more", ["error": .error(error)])
            }
        }
    }

    func stop() {
        stopping.withLock { $0 = true }
        thread.join()
    }

    private static func read(
        _ options: StandardInputOptions, _ labels: Labels, _ batcher: LogBatcher, _ descriptor: Int32,
        _ time: any TimeSource, _ isStopping: () -> Bool
    ) throws {
        let cutter = EventCutter(form: options.form, lines: options.multiline, eventBytesMax: options.eventBytesMax)
        let waitNs = options.multiline.waitMs * 1_000_000
        var rest: [UInt8] = []
        var cameNs = time.monotonicNs
        var isOver = false
        while !isOver, batcher.isOpen {
            switch try StandardInput.read(
                appendingTo: &rest, atMost: Limits.readBytes, waitingMs: Limits.waitMs, descriptor: descriptor)
            {
            case .read: cameNs = time.monotonicNs
            case .nothingYet: isOver = isStopping()
            case .ended: isOver = true
            }
            let isLate = isOver || time.monotonicNs - cameNs >= waitNs
            let taken = cutter.cut(rest[...], takesRest: isLate) { event in
                if !event.text.isEmpty { batcher.add(event.timestampNs ?? time.wallNs, labels, event.text.span) }
            }
            rest.removeFirst(taken)
            if batcher.isDue || isOver { try batcher.flush() }
        }
    }
}

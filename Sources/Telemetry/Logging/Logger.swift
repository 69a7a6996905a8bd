package import Posix
import Synchronization

/// Where the lines of a process end: one descriptor, one form, one limit on repeats.
package final class LogSink: Sendable {
    private struct State: ~Copyable {
        var output: LogOutput
        /// Nil writes every line.
        var limit: RepeatLimit?
        var sweptNs: Int64 = 0
    }

    /// Lines of one kind (component and message) that are written in each window; `debug` is not limited.
    package static let linesPerWindow = 10
    package static let windowNs: Int64 = 10_000_000_000

    private let form: LogForm
    private let levelMin: Atomic<Int>
    private let time: any TimeSource
    private let state: Lock<State>
    private let lines: [Counter]
    private let suppressed: Counter
    private let dropped: Counter

    /// Standard error (or another descriptor that stays open): plain on a terminal, JSON otherwise, unless told.
    package convenience init(
        descriptor: Int32 = 2, level: LogLevel = .info, form: LogForm? = nil, registry: Registry,
        time: any TimeSource = SystemTime()
    ) {
        self.init(
            LogOutput(inherited: descriptor), level, form ?? LogForm.natural(for: descriptor), registry, time)
    }

    /// A file that is appended to, in JSON.
    ///
    /// - Parameter limitsRepeats: false writes each line, however often its message comes: for a log of requests.
    package convenience init(
        path: String, level: LogLevel = .info, limitsRepeats: Bool = true, registry: Registry,
        time: any TimeSource = SystemTime()
    ) throws(SystemError) {
        self.init(try LogOutput(path: path), level, .json, registry, time, limitsRepeats: limitsRepeats)
    }

    private init(
        _ output: consuming sending LogOutput, _ level: LogLevel, _ form: LogForm, _ registry: Registry,
        _ time: any TimeSource, limitsRepeats: Bool = true
    ) {
        self.form = form
        self.time = time
        levelMin = Atomic(level.rawValue)
        let limit = limitsRepeats ? RepeatLimit(linesPerWindow: Self.linesPerWindow, windowNs: Self.windowNs) : nil
        state = Lock(State(output: output, limit: limit))
        let written = registry.counters("obs_log_lines_total", "Log lines written, by level.", labels: ["level"])
        lines = LogLevel.allCases.map { written.with($0.description) }
        suppressed = registry.counter(
            "obs_log_lines_suppressed_total", "Log lines held back because the same message was just written often.")
        dropped = registry.counter(
            "obs_log_lines_dropped_total", "Log lines lost because the log's reader stalled or its disk was full.")
    }

    package var level: LogLevel {
        get { LogLevel(rawValue: levelMin.load(ordering: .relaxed))! }
        set { levelMin.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Opens the file again after a rotation.
    package func reopen() throws(SystemError) {
        try state.withLock { state throws(SystemError) in try state.output.reopen() }
    }

    /// Tells what was held back so far; for the end of the process.
    package func flush() {
        let nowNs = time.monotonicNs
        state.withLock { state in
            let held = state.limit?.takeFinished(nowNs: nowNs, all: true) ?? []
            for kind in held { write(kind, to: &state.output) }
        }
    }

    func write(_ level: LogLevel, _ component: String, _ message: String, _ context: LogFields, _ fields: LogFields) {
        let nowNs = time.monotonicNs
        state.withLock { state in
            var verdict = RepeatLimit.Verdict.write(suppressed: 0)
            if level != .debug {
                verdict = state.limit?.judge(level, component: component, message: message, nowNs: nowNs) ?? verdict
            }
            if nowNs - state.sweptNs >= Self.windowNs {
                state.sweptNs = nowNs
                for held in state.limit?.takeFinished(nowNs: nowNs) ?? [] { write(held, to: &state.output) }
            }
            guard case .write(let heldBack) = verdict else {
                suppressed.add()
                return
            }
            var line = LogLine(form, wallMs: time.wallMs, level: level, component: component, message: message)
            for (name, value) in context.pairs { line.append(name, value) }
            for (name, value) in fields.pairs { line.append(name, value) }
            put(line.finished(suppressed: heldBack), level, to: &state.output)
        }
    }

    private func write(_ held: RepeatLimit.Suppressed, to output: inout LogOutput) {
        let line = LogLine(
            form, wallMs: time.wallMs, level: held.level, component: held.component, message: held.message)
        put(line.finished(suppressed: held.count), held.level, to: &output)
    }

    private func put(_ line: [UInt8], _ level: LogLevel, to output: inout LogOutput) {
        if output.write(line) { lines[level.rawValue].add() } else { dropped.add() }
    }
}

/// Writes lines for one component. Copies are cheap; `with` adds fields to every line of the copy.
package struct Logger: Sendable {
    private let sink: LogSink?
    private let component: StaticString
    private let context: LogFields

    package init(_ sink: LogSink, component: StaticString) {
        self.init(sink: sink, component: component, context: [:])
    }

    private init(sink: LogSink?, component: StaticString, context: LogFields) {
        self.sink = sink
        self.component = component
        self.context = context
    }

    /// Writes nothing.
    package static let silent = Logger(sink: nil, component: "", context: [:])

    package func with(_ fields: LogFields) -> Logger {
        Logger(sink: sink, component: component, context: LogFields(context.pairs + fields.pairs))
    }

    /// Lines of one request: `request_id`, and `trace_id` and `span_id` where it is traced.
    package func with(requestID: String, trace: TraceContext?) -> Logger {
        guard let trace else { return with(["request_id": .text(requestID)]) }
        return with([
            "request_id": .text(requestID), "trace_id": .text(trace.traceIDText), "span_id": .text(trace.spanIDText),
        ])
    }

    /// The same sink under another component's name.
    package func component(_ name: StaticString) -> Logger {
        Logger(sink: sink, component: name, context: context)
    }

    /// The message is constant text, by which repeats are known; what varies goes into the fields, which are not even
    /// made when the level is off.
    package func debug(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        write(.debug, message, fields)
    }

    package func info(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        write(.info, message, fields)
    }

    package func warning(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        write(.warning, message, fields)
    }

    package func error(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
        write(.error, message, fields)
    }

    private func write(_ level: LogLevel, _ message: StaticString, _ fields: () -> LogFields) {
        guard let sink, level.rawValue >= sink.level.rawValue else { return }
        sink.write(level, component.description, message.description, context, fields())
    }
}

import Model
import Posix
import PromQL
import Storage
import TestSupport
import Text

/// Runs a promqltest script against the engine, each evaluation also in other forms that must give the same.
struct ScriptRunner {
    struct Failure: Error, CustomStringConvertible {
        var line: Int
        var query: String
        var message: String
        var description: String { "line \(line): \(query): \(message)" }
    }

    private let workers: Workers
    private var store = MemoryMetricStore()
    private(set) var evaluations = 0
    private(set) var failures: [Failure] = []

    init(_ workers: Workers) { self.workers = workers }

    mutating func run(_ script: String) throws {
        var reader = ScriptReader(script)
        for command in try reader.commands() {
            switch command {
            case .clear: store = MemoryMetricStore()
            case .load(let load): try self.load(load)
            case .evaluate(let evaluation):
                evaluations += 1
                do {
                    try evaluate(evaluation)
                } catch let failure as Failure {
                    failures.append(failure)
                }
            }
        }
    }

    // Loading

    private func load(_ load: ScriptCommand.Load) throws {
        var batch = SampleBatch()
        var loaded: [Labels: (samples: [(timeMs: Int64, value: Double, startMs: Int64)], [SampleBatch.Histogram])] = [:]
        var plain: [(labels: Labels, samples: [(timeMs: Int64, value: Double)])] = []
        for (description, offsets) in load.series {
            var samples: [(timeMs: Int64, value: Double, startMs: Int64)] = []
            var histograms: [SampleBatch.Histogram] = []
            for (index, value) in description.values.enumerated() {
                let time = Int64(index) * load.stepMs
                let offset = index < offsets.count ? offsets[index] : nil
                let start = offset.map { time + $0 } ?? 0
                switch value {
                case .omitted: break
                case .float(let value): samples.append((time, value, start))
                case .histogram(let value, _):
                    histograms.append(
                        SampleBatch.Histogram(timestampMs: time, startTimestampMs: start, value: value.native))
                }
            }
            // A series that comes twice in a block is what its last line says.
            loaded[description.labels] = (samples, Self.withHints(histograms))
        }
        for (labels, (samples, histograms)) in loaded {
            Self.append(labels, samples, histograms, to: &batch)
            plain.append((labels, samples.map { ($0.timeMs, $0.value) }))
        }
        if load.withCustomBuckets {
            for (labels, histograms) in CustomBucketConversion.histograms(of: plain) {
                Self.append(labels, [], Self.withHints(histograms), to: &batch)
            }
        }
        _ = try store.append(&batch)
    }

    /// What a store knows of counter resets, as Prometheus' does: a counter histogram that goes on from the one before
    /// it is no reset, and of all others nothing is known.
    private static func withHints(_ histograms: [SampleBatch.Histogram]) -> [SampleBatch.Histogram] {
        var hinted = histograms
        for index in hinted.indices where hinted[index].value.counterResetHint != .gauge {
            hinted[index].value.counterResetHint = .unknown
            guard index > 0 else { continue }
            let before = histograms[index - 1].value
            let now = histograms[index].value
            let goesOn =
                before.schema == now.schema && before.zeroThreshold == now.zeroThreshold
                && before.customBounds == now.customBounds && before.counterResetHint != .gauge
                && now.counterResetHint != .reset && !StaleMarker.isStale(before.sum)
            var unhinted = FloatHistogram(now)
            unhinted.hint = .unknown
            if goesOn, !unhinted.isReset(since: FloatHistogram(before)) {
                hinted[index].value.counterResetHint = .notReset
            }
        }
        return hinted
    }

    private static func append(
        _ labels: Labels, _ samples: [(timeMs: Int64, value: Double, startMs: Int64)],
        _ histograms: [SampleBatch.Histogram], to batch: inout SampleBatch
    ) {
        batch.append(labels, samples.map { ($0.timeMs, $0.value) })
        batch.startTimestampsMs += samples.map(\.startMs)
        let first = batch.histograms.count
        batch.histograms += histograms
        batch.series[batch.series.count - 1].histograms = first..<batch.histograms.count
    }

    // Evaluating

    private func engine() -> Engine { Engine(store: store, workers: workers) }

    private func evaluate(_ evaluation: ScriptCommand.Evaluation) throws {
        let check = ScriptCheck(evaluation)
        let expression: Expression
        do {
            expression = try Parser.parse(evaluation.expression)
        } catch {
            try check.failed(error.description)
            return
        }
        switch evaluation.times {
        case .range(let startMs, let endMs, let stepMs):
            let result: QueryResult
            do {
                result = try engine().range(expression, startMs: startMs, endMs: endMs, stepMs: stepMs)
            } catch {
                try check.failed(error.message)
                return
            }
            try check.succeeded(result, evaluation.expression)
        case .instant(let timeMs):
            try instant(expression, evaluation.expression, atMs: timeMs, check)
            for time in AtModifier.otherTimes(for: expression, timeMs) {
                let text = AtModifier.fixing(expression, atMs: timeMs).description
                let fixed: Expression
                do {
                    fixed = try Parser.parse(text)
                } catch {
                    throw Failure(line: evaluation.line, query: text, message: "printed, it does not parse: \(error)")
                }
                try instant(fixed, text, atMs: time, check)
            }
        }
    }

    private func instant(
        _ expression: Expression, _ text: String, atMs timeMs: Int64, _ check: ScriptCheck
    ) throws {
        let result: QueryResult
        do {
            result = try engine().instant(expression, atMs: timeMs)
        } catch {
            try check.failed(error.message)
            return
        }
        try check.succeeded(result, text)
        try asRange(expression, text, atMs: timeMs, check)
    }

    /// The middle of a range query of three steps is what the instant query gave.
    private func asRange(
        _ expression: Expression, _ text: String, atMs timeMs: Int64, _ check: ScriptCheck
    ) throws {
        let evaluation = check.evaluation
        let dependsOnQuery = ["start()", "end()", "range()", "step()"].contains { text.contains($0) }
        if evaluation.string != nil || evaluation.samples != nil || dependsOnQuery { return }
        let result: QueryResult
        do {
            result = try engine().range(
                expression, startMs: timeMs - 60_000, endMs: timeMs + 60_000, stepMs: 60_000)
        } catch {
            throw Failure(line: evaluation.line, query: text, message: "as a range query: \(error)")
        }
        if evaluation.isOrdered { return }
        guard case .matrix(let frame) = result.value else { return }
        do {
            try check.middle(of: frame)
        } catch let failure as Failure {
            throw Failure(line: failure.line, query: text, message: "as a range query: \(failure.message)")
        }
    }
}

/// Variants of an expression with all its selectors fixed in time, which gives the same at any other time.
enum AtModifier {
    static func otherTimes(for expression: Expression, _ timeMs: Int64) -> [Int64] {
        if dependsOnTime(expression) { return [] }
        return timeMs == 0 ? [-1000, 0, 1000] : [-10 * timeMs, 0, timeMs / 5, timeMs, 10 * timeMs]
    }

    private static let unsafe: Set<String> = [
        "days_in_month", "day_of_month", "day_of_week", "day_of_year", "end", "hour", "minute", "month", "year",
        "predict_linear", "range", "start", "step", "time", "timestamp",
    ]

    private static func dependsOnTime(_ expression: Expression) -> Bool {
        if case .call(let call) = expression, unsafe.contains(call.function.name) { return true }
        return expression.children.contains(where: dependsOnTime)
    }

    static func fixing(_ expression: Expression, atMs timeMs: Int64) -> Expression {
        func fix(_ shift: inout TimeShift) {
            if case .timestampMs = shift.at { return }
            // What is fixed to the query's start or end stays so, as at one instant both are the same.
            if shift.at == nil { shift.at = .timestampMs(timeMs) }
        }
        switch expression {
        case .number, .string: return expression
        case .selector(var node):
            fix(&node.shift)
            return .selector(node)
        case .range(var node):
            fix(&node.selector.shift)
            return .range(node)
        case .subquery(var node):
            fix(&node.shift)
            return .subquery(node)
        case .paren(var node):
            node.expression = fixing(node.expression, atMs: timeMs)
            return .paren(node)
        case .unary(var node):
            node.expression = fixing(node.expression, atMs: timeMs)
            return .unary(node)
        case .aggregation(var node):
            node.expression = fixing(node.expression, atMs: timeMs)
            node.parameter = node.parameter.map { fixing($0, atMs: timeMs) }
            return .aggregation(node)
        case .binary(var node):
            node.left = fixing(node.left, atMs: timeMs)
            node.right = fixing(node.right, atMs: timeMs)
            return .binary(node)
        case .call(var node):
            node.arguments = node.arguments.map { fixing($0, atMs: timeMs) }
            return .call(node)
        }
    }
}

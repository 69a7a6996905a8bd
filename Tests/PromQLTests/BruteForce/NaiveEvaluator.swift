import Glibc
import Model
import TestSupport

@testable import PromQL

/// The language evaluated as its documentation reads, one instant after the other and one sample after the other: no
/// columns, no windows that slide, no sharing. What it says, the engine has to say.
struct NaiveEvaluator {
    struct Element {
        var labels: Labels
        /// The name is to go once the whole expression is done.
        var dropsName = false
        var point: Point
    }

    struct Run {
        var labels: Labels
        var dropsName = false
        var samples: [(timeMs: Int64, point: Point)]
    }

    struct Failure: Error { var text: String }

    let series: [OddSeries.Series]
    let startMs: Int64
    let endMs: Int64
    let stepMs: Int64
    let lookbackMs: Int64 = 300_000

    init(_ data: OddSeries, startMs: Int64, endMs: Int64, stepMs: Int64) {
        series = data.series.sorted { $0.labels < $1.labels }
        self.startMs = startMs
        self.endMs = endMs
        self.stepMs = stepMs
    }

    /// The result at one instant: names dropped, each set of labels once.
    func result(_ expression: PromQL.Expression, at timeMs: Int64) throws -> [Labels: Point] {
        if expression.type == .scalar { return [.empty: .float(try scalar(expression, timeMs))] }
        var result: [Labels: Point] = [:]
        for element in try vector(expression, timeMs) {
            let labels = element.dropsName ? Self.withoutName(element.labels) : element.labels
            guard result.updateValue(element.point, forKey: labels) == nil else { throw Failure(text: "equal labels") }
        }
        return result
    }

    static func withoutName(_ labels: Labels) -> Labels {
        Labels(labels.pairs.filter { $0.name != Labels.metricName })
    }

    // Scalars

    func scalar(_ expression: PromQL.Expression, _ timeMs: Int64) throws -> Double {
        switch expression.unwrapped {
        case .number(let node): return node.value
        case .unary(let node):
            let value = try scalar(node.expression, timeMs)
            return node.isNegation ? -value : value
        case .binary(let node):
            let (left, right) = (try scalar(node.left, timeMs), try scalar(node.right, timeMs))
            return Self.apply(node.operation, left, right)
        case .call(let node):
            switch node.function.name {
            case "time": return Double(timeMs) / 1000
            case "pi": return .pi
            case "start": return Double(startMs) / 1000
            case "end": return Double(endMs) / 1000
            // One instant has no steps.
            case "step": return startMs == endMs ? 0 : Double(stepMs) / 1000
            case "range": return Double(endMs - startMs) / 1000
            case "scalar":
                let floats = try vector(node.arguments[0], timeMs).compactMap(\.point.float)
                return floats.count == 1 ? floats[0] : .nan
            default: throw Failure(text: "no scalar function \(node.function.name)")
            }
        default: throw Failure(text: "no scalar")
        }
    }

    static func apply(_ operation: BinaryOperator, _ a: Double, _ b: Double) -> Double {
        switch operation {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .modulo: fmod(a, b)
        case .power: pow(a, b)
        case .atan2: Glibc.atan2(a, b)
        case .equal: a == b ? 1 : 0
        case .notEqual: a != b ? 1 : 0
        case .greater: a > b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .trimUpper, .trimLower, .and, .or, .unless: .nan
        }
    }

    // Times

    func duration(_ expression: DurationExpression) -> Double {
        switch expression.form {
        case .number(let node): node.value
        case .step: Double(stepMs) / 1000
        case .range: Double(endMs - startMs) / 1000
        case .minimum(let a, let b): Swift.min(duration(a), duration(b))
        case .maximum(let a, let b): Swift.max(duration(a), duration(b))
        case .negated(let inner): -duration(inner)
        case .binary(let operation, let a, let b): Self.apply(operation, duration(a), duration(b))
        case .parenthesised(let inner): duration(inner)
        }
    }

    private func milliseconds(_ fixed: Int64, _ expression: DurationExpression?) throws -> Int64 {
        guard let expression else { return fixed }
        let milliseconds = Int64((duration(expression) * 1000).rounded())
        if milliseconds <= 0 { throw Failure(text: "no positive duration") }
        return milliseconds
    }

    func shifted(_ timeMs: Int64, _ shift: TimeShift) -> Int64 {
        var time = timeMs
        switch shift.at {
        case .timestampMs(let fixed): time = fixed
        case .start: time = startMs
        case .end: time = endMs
        case nil: break
        }
        return time - (shift.offsetExpression.map { Int64((duration($0) * 1000).rounded()) } ?? shift.offsetMs)
    }

    // Selectors

    private func matching(_ matchers: [Matcher]) -> [OddSeries.Series] {
        series.filter { one in
            matchers.allSatisfy { matcher in
                let value = Array(one.labels[matcher.name].utf8)
                return matcher.matches(value.span)
            }
        }
    }

    /// All samples of a series in the order of time, stale markers included.
    private func samples(_ one: OddSeries.Series) -> [(timeMs: Int64, point: Point, isStale: Bool)] {
        let floats = one.floats.map { ($0.timestampMs, Point.float($0.value), StaleMarker.isStale($0.value)) }
        let histograms = one.histograms.map {
            ($0.timestampMs, Point.histogram(FloatHistogram($0.value)), StaleMarker.isStale($0.value.sum))
        }
        return (floats + histograms).sorted { $0.0 < $1.0 }
    }

    /// - Parameter withoutOffset: the samples meant are looked at from the instant that `@` names.
    func selected(
        _ node: VectorSelector, _ timeMs: Int64, withoutOffset: Bool = false
    ) -> [(labels: Labels, timeMs: Int64, point: Point)] {
        let instant = shifted(timeMs, node.shift)
        var unshifted = node.shift
        unshifted.offsetMs = 0
        unshifted.offsetExpression = nil
        let other = withoutOffset && node.shift.at != nil ? shifted(timeMs, unshifted) : instant
        return matching(node.matchers).compactMap { one in
            let seen = samples(one).filter { sample in
                [instant, other].allSatisfy { sample.timeMs <= $0 && sample.timeMs > $0 - lookbackMs }
            }
            guard let last = seen.last, !last.isStale
            else { return nil }
            return (one.labels, last.timeMs, last.point)
        }
    }

    /// The samples of a range behind its start, up to its end.
    func matrix(_ expression: PromQL.Expression, _ timeMs: Int64) throws -> (runs: [Run], endMs: Int64, rangeMs: Int64)
    {
        switch expression.unwrapped {
        case .range(let node):
            let end = shifted(timeMs, node.selector.shift)
            let range = try milliseconds(node.rangeMs, node.rangeExpression)
            let runs = matching(node.selector.matchers).map { one in
                let inside = samples(one).filter { $0.timeMs > end - range && $0.timeMs <= end && !$0.isStale }
                return Run(labels: one.labels, samples: inside.map { ($0.timeMs, $0.point) })
            }
            return (runs.filter { !$0.samples.isEmpty }, end, range)
        case .subquery(let node):
            let end = shifted(timeMs, node.shift)
            let range = try milliseconds(node.rangeMs, node.rangeExpression)
            let written = node.stepMs == 0 ? 60_000 : node.stepMs
            let step = try milliseconds(written, node.stepExpression)
            var runs: [Labels: Run] = [:]
            var order: [Labels] = []
            var time = Int64((Double(end - range) / Double(step)).rounded(.down)) * step + step
            while time <= end {
                for element in try vector(node.expression, time) {
                    if runs[element.labels] == nil {
                        order.append(element.labels)
                        runs[element.labels] = Run(
                            labels: element.labels, dropsName: element.dropsName, samples: [])
                    }
                    runs[element.labels]?.samples.append((time, element.point))
                }
                time += step
            }
            return (order.compactMap { runs[$0] }, end, range)
        default: throw Failure(text: "no range")
        }
    }

    // Vectors

    func vector(_ expression: PromQL.Expression, _ timeMs: Int64) throws -> [Element] {
        switch expression.unwrapped {
        case .selector(let node):
            return selected(node, timeMs).map { Element(labels: $0.labels, point: $0.point) }
        case .unary(let node):
            let input = try vector(node.expression, timeMs)
            if !node.isNegation { return input }
            return input.map { element in
                switch element.point {
                case .float(let value):
                    Element(labels: element.labels, dropsName: true, point: .float(-value))
                case .histogram(let histogram):
                    Element(
                        labels: element.labels, dropsName: true, point: .histogram(histogram.multiplied(by: -1)))
                }
            }
        case .aggregation(let node): return try aggregation(node, timeMs)
        case .binary(let node): return try binary(node, timeMs)
        case .call(let node): return try call(node, timeMs)
        default: throw Failure(text: "no vector")
        }
    }
}

extension Point {
    var float: Double? {
        if case .float(let value) = self { return value }
        return nil
    }

    var histogram: FloatHistogram? {
        if case .histogram(let histogram) = self { return histogram }
        return nil
    }
}

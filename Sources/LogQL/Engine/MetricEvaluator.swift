import Model
import PromQL

/// Evaluates metric expressions, all steps at once.
struct MetricEvaluator {
    let steps: TimeSteps
    let run: LogRun

    /// - Parameter isNamed: whether anybody looks at the labels of the series; they are empty otherwise.
    func value(of expression: MetricExpression, isNamed: Bool = true) throws(QueryError) -> MetricValue {
        switch expression {
        case .literal(let value): return .scalar(value)
        case .vector(let value): return .rows(MetricRows(constant: value, steps: steps.count))
        case .range(let range): return .rows(try RangeEvaluator(range, steps: steps, run: run).rows(isNamed: isNamed))
        case .aggregation(let aggregation): return .rows(try rows(aggregation, isNamed: isNamed))
        case .binary(let binary):
            return try BinaryEvaluator(binary, steps: steps.count)
                .value(value(of: binary.left), value(of: binary.right))
        case .labelReplace(let replacement):
            guard case .rows(let rows) = try value(of: replacement.inner) else {
                throw .execution("label_replace needs a vector, not a number")
            }
            return .rows(try replacement.compiled.apply(replacement, to: rows))
        }
    }

    private func rows(_ aggregation: VectorAggregation, isNamed: Bool) throws(QueryError) -> MetricRows {
        if let fused = fused(aggregation) {
            return try RangeEvaluator(
                fused, steps: steps, run: run, outer: aggregation.grouping ?? Grouping(isWithout: false, names: [])
            ).rows(isNamed: isNamed)
        }
        if aggregation.operation == .approxTopk, !steps.isInstant {
            throw .execution("`approx_topk` is only supported on instant queries")
        }
        let inner = try value(of: aggregation.inner, isNamed: aggregation.readsLabels)
        guard case .rows(let inner) = inner else {
            throw .execution("\(aggregation.operation.rawValue) needs a vector, not a number")
        }
        return try VectorAggregator(aggregation).rows(inner, run)
    }

    /// The range aggregation inside where grouping its entries at once gives the same.
    private func fused(_ aggregation: VectorAggregation) -> RangeAggregation? {
        guard case .range(let range) = aggregation.inner, range.grouping == nil else { return nil }
        if aggregation.grouping?.isWithout == true { return nil }
        switch (aggregation.operation, range.function) {
        case (.sum, .count), (.sum, .bytes), (.sum, .rate), (.sum, .bytesRate), (.sum, .sum), (.max, .max),
            (.min, .min):
            return range
        default: return nil
        }
    }
}

extension VectorAggregation {
    /// Whether the labels of the series inside say anything: where all are one group, only those that are picked keep theirs.
    fileprivate var readsLabels: Bool {
        if operation.isSort || operation.takesParameter { return true }
        return grouping.map { $0.isWithout || !$0.names.isEmpty } ?? false
    }
}

import PromQL
import Storage

extension LogEngine {
    /// Blocks that are looked at in a few milliseconds.
    private static let lightBlocksMax = 4
    /// Lines that are told in a few milliseconds.
    private static let lightLinesMax = 1000

    /// Whether a query is soon answered: it wants the first lines of streams, or looks at few blocks of the store.
    package func isLight(_ query: LogQuery, startNs: Int64, endNs: Int64, limit: Int) -> Bool {
        switch query {
        case .lines(let selector):
            if selector.isPlain { return limit <= Self.lightLinesMax }
            return blocks(selector, startNs: startNs, endNs: endNs) <= Self.lightBlocksMax
        case .metric(let expression):
            var count = 0
            for range in expression.ranges {
                let blocks = blocks(
                    range.selector, startNs: RangeEvaluator.clamped(startNs, -range.rangeNs, -range.offsetNs),
                    endNs: RangeEvaluator.clamped(endNs, -range.offsetNs))
                if blocks > Self.lightBlocksMax { return false }
                count += blocks
            }
            return count <= Self.lightBlocksMax
        }
    }

    /// How many blocks may hold what is selected; many where that is not known.
    private func blocks(_ selector: LogSelector, startNs: Int64, endNs: Int64) -> Int {
        let plan = ScanPlan(selector, startNs: startNs, endNs: endNs, QueryProgress())
        let pieces = try? store.pieces(plan.request)  // what fails here fails again, and is told then
        return pieces?.count ?? .max
    }
}

extension MetricExpression {
    /// The aggregations of ranges in it.
    fileprivate var ranges: [RangeAggregation] {
        switch self {
        case .literal, .vector: []
        case .range(let range): [range]
        case .aggregation(let aggregation): aggregation.inner.ranges
        case .binary(let binary): binary.left.ranges + binary.right.ranges
        case .labelReplace(let replacement): replacement.inner.ranges
        }
    }
}

import Model
import Storage

/// Sums, counts and the like of the rows of each group, added up while rows come by. One for each part of the input;
/// parts are put together in order, so that the result does not depend on which thread was faster.
struct Aggregator: Sendable {
    /// What a group's rows came to at one instant, beside the columns of floats.
    private struct HistogramCell: Sendable {
        var mean: HistogramMean?
        var sum: KahanHistogram
        var isIncompatible = false
        var sawReset = false
        var sawNotReset = false
    }

    private let plan: AggregationPlan
    private let grid: Grid
    private let filter: LabelFilter
    private var groups = LabelTable()
    private var dropsName: [Bool] = []
    /// A cell for each group and instant: the sum, mean, minimum or maximum so far.
    private var values: [Double] = []
    private var corrections: [Double] = []
    private var counts: [Double] = []
    private var histograms: [Int: HistogramCell] = [:]
    private var key: [UInt8] = []

    init(_ plan: AggregationPlan, grid: Grid) {
        self.plan = plan
        self.grid = grid
        filter =
            plan.isWithout
            ? LabelFilter(dropping: plan.grouping + [Labels.metricName]) : LabelFilter(keeping: plan.grouping)
    }

    private var steps: Int { grid.count }

    /// About what the groups take in memory.
    var heldBytes: Int { dropsName.count * (steps * 3 * QueryRun.cellBytes + 64) + histograms.count * 512 }

    private mutating func group(of labels: Span<UInt8>) -> Int {
        var key: [UInt8] = []
        swap(&key, &self.key)
        filter.apply(labels, into: &key)
        let group = groups.number(of: key.span)
        swap(&key, &self.key)
        addColumns(for: group)
        return group
    }

    private mutating func addColumns(for group: Int) {
        if group == dropsName.count {
            dropsName.append(false)
            let empty = plan.operation == .min || plan.operation == .max ? Absent.value : 0
            values.append(contentsOf: repeatElement(empty, count: steps))
            corrections.append(contentsOf: repeatElement(0, count: steps))
            counts.append(contentsOf: repeatElement(0, count: steps))
        }
    }

    mutating func add(_ block: Frame, _ annotations: inout Annotations) {
        for row in 0..<block.count {
            let group = group(of: block.labels.bytes.span.extracting(block.labels.range(row)))
            if block.dropsName[row] { dropsName[group] = true }
            let base = group * steps
            let source = row * steps
            switch plan.operation {
            case .sum, .avg: addSums(block.values.span, source, base)
            case .min: addExtremes(block.values.span, source, base) { $0 < $1 }
            case .max: addExtremes(block.values.span, source, base) { $0 > $1 }
            case .count, .group: addCounts(block.values.span, source, base)
            case .stddev, .stdvar: addSquares(block.values.span, source, base)
            default: preconditionFailure("BUG: \(plan.operation.rawValue) does not add up")
            }
            if let column = block.histograms[row] {
                let metric = block.labels.value(.metric, of: row)
                add(column, base, metric, &annotations)
            }
        }
    }

    private mutating func addSums(_ row: Span<Double>, _ source: Int, _ base: Int) {
        // Taken out of the struct while the loop runs: it would check for sole ownership at each cell otherwise.
        var values: [Double] = []
        var corrections: [Double] = []
        var counts: [Double] = []
        swap(&values, &self.values)
        swap(&corrections, &self.corrections)
        swap(&counts, &self.counts)
        Self.addSums(row, source, base, steps, &values, &corrections, &counts)
        swap(&values, &self.values)
        swap(&corrections, &self.corrections)
        swap(&counts, &self.counts)
    }

    private static func addSums(
        _ row: Span<Double>, _ source: Int, _ base: Int, _ steps: Int, _ sums: inout [Double],
        _ corrected: inout [Double], _ counted: inout [Double]
    ) {
        var values = sums.mutableSpan
        var corrections = corrected.mutableSpan
        var counts = counted.mutableSpan
        for step in 0..<steps {
            let value = row[source + step]
            if Absent.isAbsent(value) { continue }
            let cell = base + step
            if counts[cell] == 0 {
                values[cell] = value
                corrections[cell] = 0
            } else {
                var sum = KahanSum(values[cell], correction: corrections[cell])
                sum.add(value)
                values[cell] = sum.sum
                corrections[cell] = sum.correction
            }
            counts[cell] += 1
        }
    }

    @inline(__always)
    private mutating func addExtremes(
        _ row: Span<Double>, _ source: Int, _ base: Int, _ isBeyond: (Double, Double) -> Bool
    ) {
        let steps = steps
        var values = values.mutableSpan
        for step in 0..<steps {
            let value = row[source + step]
            if Absent.isAbsent(value) { continue }
            let extreme = values[base + step]
            if extreme.isNaN || isBeyond(value, extreme) { values[base + step] = value }
        }
    }

    private mutating func addCounts(_ row: Span<Double>, _ source: Int, _ base: Int) {
        let steps = steps
        var counts = counts.mutableSpan
        for step in 0..<steps where !Absent.isAbsent(row[source + step]) { counts[base + step] += 1 }
    }

    /// Welford's way; a first value that is no finite number makes the result NaN.
    private mutating func addSquares(_ row: Span<Double>, _ source: Int, _ base: Int) {
        for step in 0..<steps {
            let value = row[source + step]
            if Absent.isAbsent(value) { continue }
            let cell = base + step
            counts[cell] += 1
            if counts[cell] == 1 {
                corrections[cell] = value
                values[cell] = value.isFinite ? 0 : .nan
            } else {
                let delta = value - corrections[cell]
                corrections[cell] += delta / counts[cell]
                values[cell] += delta * (value - corrections[cell])
            }
        }
    }

    private mutating func add(
        _ column: [FloatHistogram?], _ base: Int, _ metric: String, _ annotations: inout Annotations
    ) {
        for (step, histogram) in column.enumerated() {
            guard let histogram else { continue }
            switch plan.operation {
            case .count, .group: counts[base + step] += 1
            case .sum, .avg: addSum(histogram, base + step, metric, &annotations)
            default: annotations.add(.histogramIgnored(in: plan.operation, plan.input.position))
            }
        }
    }

    private mutating func addSum(
        _ histogram: FloatHistogram, _ cell: Int, _ metric: String, _ annotations: inout Annotations
    ) {
        guard var known = histograms[cell] else {
            histograms[cell] = HistogramCell(
                mean: plan.operation == .avg ? HistogramMean(histogram) : nil, sum: KahanHistogram(histogram),
                sawReset: histogram.hint == .reset, sawNotReset: histogram.hint == .notReset)
            return
        }
        if known.isIncompatible { return }
        histograms[cell] = nil
        known.sawReset = known.sawReset || histogram.hint == .reset
        known.sawNotReset = known.sawNotReset || histogram.hint == .notReset
        do throws(IncompatibleHistograms) {
            let outcome =
                known.mean != nil ? try known.mean!.add(histogram) : try known.sum.add(histogram)
            note(outcome, &annotations)
        } catch {
            known.isIncompatible = true
            annotations.add(.mixedExponentialCustom(metric: metric, plan.input.position))
        }
        histograms[cell] = known
    }

    private func note(_ outcome: Reconciliation, _ annotations: inout Annotations) {
        if outcome.boundsDiffered {
            annotations.add(.boundsReconciled(during: "aggregation", plan.input.position))
        }
    }

    /// Adds what another part came to.
    mutating func add(_ other: Aggregator, _ annotations: inout Annotations) {
        for theirs in 0..<other.groups.count {
            let sets = other.groups.sets
            let group = groups.number(of: sets.bytes.span.extracting(sets.range(theirs)))
            addColumns(for: group)
            if other.dropsName[theirs] { dropsName[group] = true }
            for step in 0..<steps { add(other, theirs * steps + step, to: group * steps + step) }
            for step in 0..<steps {
                guard let cell = other.histograms[theirs * steps + step] else { continue }
                add(cell, to: group * steps + step, &annotations)
            }
        }
    }

    private mutating func add(_ other: Aggregator, _ theirs: Int, to cell: Int) {
        switch plan.operation {
        case .min, .max:
            let value = other.values[theirs]
            if Absent.isAbsent(value) { return }
            let extreme = values[cell]
            if extreme.isNaN || (plan.operation == .min ? value < extreme : value > extreme) { values[cell] = value }
        case .stddev, .stdvar:
            let count = other.counts[theirs]
            if count == 0 { return }
            if counts[cell] == 0 {
                (values[cell], corrections[cell]) = (other.values[theirs], other.corrections[theirs])
            } else {
                let total = counts[cell] + count
                let delta = other.corrections[theirs] - corrections[cell]
                values[cell] += other.values[theirs] + delta * delta * counts[cell] * count / total
                corrections[cell] += delta * count / total
            }
            counts[cell] += count
        default:
            if other.counts[theirs] == 0 { return }
            var sum = KahanSum(values[cell], correction: corrections[cell])
            if counts[cell] == 0 { sum = KahanSum() }
            sum.add(KahanSum(other.values[theirs], correction: other.corrections[theirs]))
            values[cell] = sum.sum
            corrections[cell] = sum.correction
            counts[cell] += other.counts[theirs]
        }
    }

    private mutating func add(_ other: HistogramCell, to cell: Int, _ annotations: inout Annotations) {
        guard var known = histograms[cell] else {
            histograms[cell] = other
            return
        }
        known.sawReset = known.sawReset || other.sawReset
        known.sawNotReset = known.sawNotReset || other.sawNotReset
        if known.isIncompatible || other.isIncompatible {
            known.isIncompatible = true
        } else {
            do throws(IncompatibleHistograms) {
                if let mean = other.mean, known.mean != nil {
                    note(try known.mean!.add(mean), &annotations)
                } else {
                    note(try known.sum.add(other.sum), &annotations)
                }
            } catch {
                known.isIncompatible = true
                annotations.add(.mixedExponentialCustom(metric: "", plan.input.position))
            }
        }
        histograms[cell] = known
    }

    /// Cells of means whose sum overflowed: those are to be averaged mean by mean.
    var overflowed: Set<Int> {
        guard plan.operation == .avg else { return [] }
        return Set(values.indices.filter { counts[$0] > 0 && values[$0].isInfinite })
    }

    func frame(means: [Int: Double], _ annotations: inout Annotations) -> Frame {
        var frame = Frame(grid: grid)
        for group in 0..<groups.count {
            frame.labels.appendSet(group, of: groups.sets)
            frame.appendCells(dropsName: dropsName[group])
            for step in 0..<steps {
                let cell = group * steps + step
                if let histogram = histograms[cell] {
                    let point = finish(histogram, hasFloats: counts[cell] > 0, &annotations)
                    frame.set(point, row: group, step: step)
                } else if let mean = means[cell] {
                    frame.values[cell] = mean
                } else {
                    frame.values[cell] = finish(cell)
                }
            }
        }
        return frame.withoutEmptyRows()
    }

    private func finish(_ cell: Int) -> Double {
        let count = counts[cell]
        switch plan.operation {
        case .min, .max: return values[cell]
        case _ where count == 0: return Absent.value
        case .sum: return values[cell] + corrections[cell]
        case .avg: return values[cell] / count + corrections[cell] / count
        case .count: return count
        case .group: return 1
        case .stdvar: return values[cell] / count
        case .stddev: return (values[cell] / count).squareRoot()
        default: preconditionFailure("BUG: \(plan.operation.rawValue) does not add up")
        }
    }

    private func finish(
        _ cell: HistogramCell, hasFloats: Bool, _ annotations: inout Annotations
    ) -> Point? {
        if hasFloats {
            annotations.add(.mixedFloatsHistogramsInAggregation(plan.input.position))
            return nil
        }
        if cell.isIncompatible { return nil }
        if cell.sawReset, cell.sawNotReset {
            annotations.add(.resetCollision(during: "aggregation", plan.input.position))
        }
        return .histogram((cell.mean?.mean ?? cell.sum.total).compacted())
    }

    /// The group that a row belongs to, where it is known.
    mutating func knownGroup(of labels: Span<UInt8>) -> Int { group(of: labels) }
}

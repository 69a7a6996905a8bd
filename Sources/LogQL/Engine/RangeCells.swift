import Model
import PromQL

/// What an entry counts as: its series, its time as it counts, its value and the steps that it belongs to, which are some.
/// Where no label is unwrapped it stands for `count` entries of the same series and steps, one after the other.
struct RangeSample {
    var series: Int
    var ns: Int64
    var value: Double
    var count: Int
    var steps: Range<Int>
}

/// What a range aggregation keeps of its samples, series by series.
struct RangeCells: Sendable {
    private enum Kind {
        /// Whole numbers, which are exact in any order: each entry is added at its first step and taken away behind its
        /// last.
        case counts
        /// The same, with the sums of the values.
        case sums
        /// A value for each step.
        case folds
        /// The samples themselves.
        case samples
        /// For each step whether there is any, whatever its series.
        case presence
    }

    private let range: RangeAggregation
    private let steps: TimeSteps
    private let kind: Kind
    /// Cells of a series.
    private let width: Int
    var finder = SeriesFinder()
    private var counts: [Int32] = []
    private var values: [Double] = []
    private var samples: [[WindowSample]] = []

    init(_ range: RangeAggregation, _ steps: TimeSteps) {
        switch range.function {
        case .count: kind = .counts
        case .rate: kind = range.unwrap == nil ? .counts : .folds
        case .bytes, .bytesRate: kind = .sums
        case .absent: kind = .presence
        case .sum, .avg, .min, .max: kind = .folds
        case .rateCounter, .stdvar, .stddev, .quantile, .first, .last: kind = .samples
        }
        width = kind == .counts || kind == .sums ? steps.count + 1 : kind == .samples ? 0 : steps.count
        (self.range, self.steps) = (range, steps)
    }

    var isEmpty: Bool { finder.count == 0 }
    var keepsSamples: Bool { kind == .samples }
    /// Whether the result is another, in its last digits, where samples are added in another order.
    var dependsOnOrder: Bool { kind == .folds && range.function != .min && range.function != .max }

    /// About what is held, single samples left out, which are counted as such.
    var bytes: Int {
        finder.bytes + counts.capacity * MemoryLayout<Int32>.stride + values.capacity * MemoryLayout<Double>.stride
            + finder.count * (160 + steps.count * 9)
    }

    /// Makes place for the cells of a series.
    private mutating func grow(to series: Int) {
        let missing = (series + 1) * width - counts.count
        if missing > 0 {
            counts.append(contentsOf: repeatElement(0, count: missing))
            if kind == .sums || kind == .folds { values.append(contentsOf: repeatElement(0, count: missing)) }
        }
        if kind == .samples {
            while samples.count <= series { samples.append([]) }
        }
    }

    @inline(__always)
    mutating func add(_ sample: RangeSample) {
        let first = sample.series * width
        if first + width > counts.count || kind == .samples { grow(to: sample.series) }
        switch kind {
        case .counts, .sums:
            let count = Int32(truncatingIfNeeded: sample.count)
            counts[first + sample.steps.lowerBound] += count
            counts[first + sample.steps.upperBound] -= count
            if kind == .counts { return }
            values[first + sample.steps.lowerBound] += sample.value
            values[first + sample.steps.upperBound] -= sample.value
        case .folds:
            for step in sample.steps { fold(first + step, 1, sample.value) }
        case .samples:
            samples[sample.series].append(WindowSample(ns: sample.ns, value: sample.value))
        case .presence:
            for step in sample.steps { counts[step] = 1 }
        }
    }

    @inline(__always)
    private mutating func fold(_ cell: Int, _ count: Int32, _ value: Double) {
        counts[cell] += count
        if counts[cell] == count {
            values[cell] = value
            return
        }
        switch range.function {
        case .min: if value < values[cell] || values[cell].isNaN { values[cell] = value }
        case .max: if value > values[cell] || values[cell].isNaN { values[cell] = value }
        default: values[cell] += value
        }
    }

    /// Adds what others have found.
    mutating func add(all other: RangeCells) {
        if isEmpty {
            self = other
            return
        }
        add(other, as: finder.numbers(of: other.finder))
    }

    /// - Parameter numbers: the own ones of the series of the others.
    private mutating func add(_ other: RangeCells, as numbers: [Int]) {
        if let last = numbers.max() { grow(to: last) }
        for (theirs, own) in numbers.enumerated() {
            switch kind {
            case .counts, .sums:
                for cell in 0..<width {
                    counts[own * width + cell] += other.counts[theirs * width + cell]
                    if kind == .sums { values[own * width + cell] += other.values[theirs * width + cell] }
                }
            case .folds:
                for cell in 0..<width where other.counts[theirs * width + cell] > 0 {
                    fold(own * width + cell, other.counts[theirs * width + cell], other.values[theirs * width + cell])
                }
            case .samples: samples[own] += other.samples[theirs]
            case .presence:
                for step in 0..<width where other.counts[step] > 0 { counts[step] = 1 }
            }
        }
    }

    // MARK: results

    /// - Parameter isNamed: whether the series are to have their labels.
    mutating func rows(isNamed: Bool) -> MetricRows {
        if finder.mayRepeat {
            let (finder, numbers) = finder.withoutRepeats()
            var whole = RangeCells(range, steps)
            whole.finder = finder
            whole.add(self, as: numbers)
            self = whole
        }
        switch kind {
        case .counts, .sums: return countedRows(emptyRows(isNamed))
        case .folds: return foldedRows(emptyRows(isNamed))
        case .samples: return windowRows(emptyRows(isNamed))
        case .presence: return absentRows()
        }
    }

    private var seconds: Double { Double(range.rangeNs) / 1e9 }

    private func emptyRows(_ isNamed: Bool) -> MetricRows {
        let count = finder.count
        return MetricRows(
            steps: steps.count, isNamed ? (0..<count).map(finder.labels) : [Labels](repeating: .empty, count: count))
    }

    private func countedRows(_ empty: MetricRows) -> MetricRows {
        let perSecond = range.function == .rate || range.function == .bytesRate
        var rows = empty
        for number in 0..<rows.count {
            var (count, sum): (Int32, Double) = (0, 0)
            for step in 0..<steps.count {
                count += counts[number * width + step]
                if kind == .sums { sum += values[number * width + step] }
                if count > 0 {
                    let value = kind == .counts ? Double(count) : sum
                    rows.set(number, step, perSecond ? value / seconds : value)
                }
            }
        }
        return rows
    }

    private func foldedRows(_ empty: MetricRows) -> MetricRows {
        var rows = empty
        for number in 0..<rows.count {
            for step in 0..<width {
                let cell = number * width + step
                guard counts[cell] > 0 else { continue }
                switch range.function {
                case .avg: rows.set(number, step, values[cell] / Double(counts[cell]))
                case .rate: rows.set(number, step, values[cell] / seconds)
                default: rows.set(number, step, values[cell])
                }
            }
        }
        return rows
    }

    private mutating func windowRows(_ empty: MetricRows) -> MetricRows {
        var rows = empty
        for number in samples.indices {
            // Only for quantiles, which are the same in any order.
            samples[number].putInOrder()
            let own = samples[number]
            var (first, end) = (0, 0)
            for step in 0..<steps.count {
                let at = steps.timestampNs(step)
                while end < own.count, own[end].ns <= at { end += 1 }
                while first < end, own[first].ns <= at - range.rangeNs { first += 1 }
                if first < end, let value = WindowMath.value(range, own[first..<end], atNs: at) {
                    rows.set(number, step, value)
                }
            }
        }
        return rows.withoutEmptyRows()
    }

    private func absentRows() -> MetricRows {
        var rows = MetricRows(steps: steps.count)
        let absent = (0..<steps.count).filter { counts.isEmpty || counts[$0] == 0 }
        if absent.isEmpty { return rows }
        rows.append(absentLabels)
        for step in absent { rows.set(0, step, 1) }
        return rows
    }

    /// Labels that the selector says the value of.
    private var absentLabels: Labels {
        var builder = LabelsBuilder()
        var seen: Set<String> = []
        for matcher in range.selector.matchers {
            if seen.insert(matcher.name).inserted, matcher.operation == .equal {
                builder.set(matcher.name, matcher.value)
            } else {
                builder.remove(matcher.name)
            }
        }
        return builder.labels()
    }
}

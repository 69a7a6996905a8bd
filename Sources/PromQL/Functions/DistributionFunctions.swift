/// Values in ascending order, NaN before all others.
struct SortedValues: Sendable {
    private var nanCount = 0
    private var values: [Double] = []

    init() {}

    init(_ unsorted: some Sequence<Double>) {
        for value in unsorted {
            if value.isNaN { nanCount += 1 } else { values.append(value) }
        }
        values.sort()
    }

    var count: Int { nanCount + values.count }

    private func place(of value: Double) -> Int {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insert(_ value: Double) {
        if value.isNaN { nanCount += 1 } else { values.insert(value, at: place(of: value)) }
    }

    mutating func remove(_ value: Double) {
        if value.isNaN { nanCount -= 1 } else { values.remove(at: place(of: value)) }
    }

    private func value(at index: Int) -> Double { index < nanCount ? .nan : values[index - nanCount] }

    /// Interpolated between the two values around the rank.
    func quantile(_ q: Double) -> Double {
        InterpolatedRank.of(count, q) { value(at: $0) }
    }
}

/// Values in any order of which one quantile is asked: partly sorted, no more than that takes.
struct UnsortedValues {
    private var nanCount = 0
    private var values: [Double] = []

    var count: Int { nanCount + values.count }

    mutating func removeAll() {
        nanCount = 0
        values.removeAll(keepingCapacity: true)
    }

    mutating func append(_ value: Double) {
        if value.isNaN { nanCount += 1 } else { values.append(value) }
    }

    mutating func quantile(_ q: Double) -> Double {
        let nanCount = nanCount
        var cells = values.mutableSpan
        return InterpolatedRank.of(nanCount + cells.count, q) { index in
            index < nanCount ? .nan : Self.select(index - nanCount, &cells)
        }
    }

    /// The value that would stand at `place` if all were sorted. Those before it are then no larger, those behind it no
    /// smaller (Hoare's selection).
    private static func select(_ place: Int, _ values: inout MutableSpan<Double>) -> Double {
        var low = 0
        var high = values.count - 1
        while low < high {
            let pivot = values[(low + high) / 2]
            var left = low
            var right = high
            while left <= right {
                while values[left] < pivot { left += 1 }
                while values[right] > pivot { right -= 1 }
                if left <= right {
                    let value = values[left]
                    values[left] = values[right]
                    values[right] = value
                    left += 1
                    right -= 1
                }
            }
            if place <= right {
                high = right
            } else if place >= left {
                low = left
            } else {
                break
            }
        }
        return values[place]
    }
}

/// The value at a share of the way through values in ascending order, interpolated between the two around the rank.
enum InterpolatedRank {
    @inline(__always)
    static func of(_ count: Int, _ q: Double, _ value: (Int) -> Double) -> Double {
        if count == 0 || q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        let rank = q * Double(count - 1)
        let lower = Int(max(0, rank.rounded(.down)))
        let upper = min(count - 1, lower + 1)
        let weight = rank - rank.rounded(.down)
        return value(lower) * (1 - weight) + value(upper) * weight
    }
}

extension OverTimeFunctions {
    enum Quantile: WindowFunction {
        private static func check(_ q: Double, _ context: WindowContext) {
            if !(0...1 ~= q) { context.annotate(.invalidQuantile(q, context.position)) }
        }

        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            let q = context.arguments[0][step]
            check(q, context)
            var sorted = SortedValues()
            for index in window { sorted.insert(run.values[index]) }
            return sorted.quantile(q)
        }

        /// Values that are moved aside for a new one in the time that visiting one takes.
        private static let movedAtOnce = 32

        /// Keeps the window sorted while it slides.
        static func sweep(
            _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
        ) {
            var sorted = SortedValues()
            var held = 0..<0
            for step in row.indices {
                let window = bounds[step]
                if window.isEmpty {
                    row[step] = Absent.value
                    continue
                }
                if window.lowerBound >= held.upperBound {
                    sorted = SortedValues()
                    held = window.lowerBound..<window.lowerBound
                }
                for index in held.lowerBound..<window.lowerBound { sorted.remove(run.values[index]) }
                for index in held.upperBound..<window.upperBound {
                    sorted.insert(run.values[index])
                    guard context.mayGoOn(after: 1 + sorted.count / movedAtOnce) else { return }
                }
                held = window
                let q = context.arguments[0][step]
                check(q, context)
                row[step] = sorted.quantile(q)
            }
        }
    }

    /// The median of the distances from the median.
    enum MedianDeviation: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            var values: [Double] = []
            for index in window { values.append(run.values[index]) }
            if values.contains(where: \.isNaN) { return .nan }
            let median = SortedValues(values).quantile(0.5)
            return SortedValues(values.map { ($0 - median).magnitude }).quantile(0.5)
        }
    }

    enum Variance: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            var count = 0.0
            var mean = KahanSum()
            var squares = KahanSum()
            for index in window {
                count += 1
                let value = run.values[index]
                let delta = value - (mean.sum + mean.correction)
                mean.add(delta / count)
                squares.add(delta * (value - (mean.sum + mean.correction)))
            }
            return (squares.sum + squares.correction) / count
        }
    }

    enum StandardDeviation: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            Variance.value(run, window, step, context).squareRoot()
        }
    }
}

/// The smallest or the largest value of a window, NaN only where there is nothing else.
protocol ExtremeFunction: WindowFunction {
    /// Whether `candidate` is more extreme than `value`.
    static func isBeyond(_ candidate: Double, _ value: Double) -> Bool
}

extension ExtremeFunction {
    static func value(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
    ) -> Double {
        var extreme = run.values[window.lowerBound]
        for index in window.dropFirst() {
            let candidate = run.values[index]
            if isBeyond(candidate, extreme) || extreme.isNaN { extreme = candidate }
        }
        return extreme
    }

    /// Keeps the places of the window that may still become its extreme: each more extreme than all behind it.
    static func sweep(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
    ) {
        guard OverTimeFunctions.slides(run, bounds) else {
            visitEach(run, bounds, context, &row)
            return
        }
        var places: [Int] = []
        var first = 0
        var seen = 0
        for step in row.indices {
            let window = bounds[step]
            seen = max(seen, window.lowerBound)
            while seen < window.upperBound {
                let value = run.values[seen]
                if !value.isNaN {
                    while places.count > first, !isBeyond(run.values[places[places.count - 1]], value) {
                        places.removeLast()
                    }
                    places.append(seen)
                }
                seen += 1
            }
            while first < places.count, places[first] < window.lowerBound { first += 1 }
            if window.isEmpty {
                row[step] = Absent.value
            } else {
                row[step] = first < places.count ? run.values[places[first]] : .nan
            }
        }
    }
}

/// When the extreme of a window came last.
protocol TimeOfExtremeFunction: WindowFunction {
    associatedtype Extreme: ExtremeFunction
}

extension TimeOfExtremeFunction {
    static func value(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
    ) -> Double {
        var place = window.lowerBound
        for index in window.dropFirst() {
            let extreme = run.values[place]
            let candidate = run.values[index]
            if candidate == extreme || Extreme.isBeyond(candidate, extreme) || extreme.isNaN { place = index }
        }
        return Double(run.times[place]) / 1000
    }
}

extension OverTimeFunctions {
    enum Minimum: ExtremeFunction {
        @inline(__always)
        static func isBeyond(_ candidate: Double, _ value: Double) -> Bool { candidate < value }
    }

    enum Maximum: ExtremeFunction {
        @inline(__always)
        static func isBeyond(_ candidate: Double, _ value: Double) -> Bool { candidate > value }
    }

    enum TimeOfMinimum: TimeOfExtremeFunction { typealias Extreme = Minimum }
    enum TimeOfMaximum: TimeOfExtremeFunction { typealias Extreme = Maximum }
}

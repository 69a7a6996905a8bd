/// Lines by least squares over a window that slides, in additions only, as `SlidingSum` does it: `front` holds, for each
/// place of the older part, the sums from there to the cut, `back` those of the younger part.
struct SlidingLine {
    /// Sums over samples, with times in seconds from the cut and values less that of the run's first sample, so that
    /// little is lost where a large value hardly changes.
    private struct Sums {
        var count = 0.0
        var x = 0.0
        var xx = 0.0
        var y = KahanSum()
        var xy = KahanSum()

        @inline(__always)
        mutating func add(_ x: Double, _ y: Double) {
            count += 1
            self.x += x
            xx += x * x
            self.y.add(y)
            xy.add(x * y)
        }

        mutating func add(_ other: Sums) {
            count += other.count
            x += other.x
            xx += other.xx
            y.add(other.y)
            xy.add(other.xy)
        }
    }

    private let firstValue: Double
    /// For each sample the first of the equal ones that it ends.
    private var equalSince: [Int32]
    private var front: [Sums] = []
    private var frontEnd = 0
    private var back = Sums()
    private var backEnd = 0
    private var cutMs: Int64 = 0

    /// Nil where a value is no finite number: such sums go another way.
    init?(_ run: borrowing FloatRun) {
        guard run.values.count > 0 else { return nil }
        firstValue = run.values[0]
        equalSince = []
        equalSince.reserveCapacity(run.values.count)
        for index in run.values.indices {
            guard run.values[index].isFinite else { return nil }
            let isEqual = index > 0 && run.values[index] == run.values[index - 1]
            equalSince.append(isEqual ? equalSince[index - 1] : Int32(index))
        }
    }

    /// The line through the samples of a window of at least two, with times from `originMs`.
    mutating func move(
        to window: Range<Int>, of run: borrowing FloatRun, originMs: Int64
    ) -> TrendFunctions.Line {
        if window.lowerBound >= frontEnd { cut(window, run) }
        while backEnd < window.upperBound {
            back.add(seconds(run.times[backEnd]), run.values[backEnd] - firstValue)
            backEnd += 1
        }
        let last = window.upperBound - 1
        if Int(equalSince[last]) <= window.lowerBound {
            return TrendFunctions.Line(slope: 0, intercept: run.values[last])
        }
        var sums = front[frontEnd - 1 - window.lowerBound]
        sums.add(back)
        let y = sums.y.value
        let slope = (sums.xy.value - sums.x * y / sums.count) / (sums.xx - sums.x * sums.x / sums.count)
        let distance = Double(originMs - cutMs) / 1000 - sums.x / sums.count
        return TrendFunctions.Line(slope: slope, intercept: firstValue + y / sums.count + slope * distance)
    }

    private func seconds(_ timeMs: Int64) -> Double { Double(timeMs - cutMs) / 1000 }

    /// Makes all of a window its older part.
    private mutating func cut(_ window: Range<Int>, _ run: borrowing FloatRun) {
        cutMs = run.times[window.upperBound - 1]
        front.removeAll(keepingCapacity: true)
        var sums = Sums()
        for index in window.reversed() {
            sums.add(seconds(run.times[index]), run.values[index] - firstValue)
            front.append(sums)
        }
        frontEnd = window.upperBound
        backEnd = window.upperBound
        back = Sums()
    }
}

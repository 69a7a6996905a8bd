import Encoding

/// The axis of time: marks at round times of UTC.
package struct TimeAxis {
    /// Between marks, in milliseconds.
    private static let steps: [Int64] =
        [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 }
        + [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200].map { $0 * 1000 }
        + [1, 2, 7, 14, 28, 56, 112, 364, 728, 1820].map { $0 * 86_400_000 }

    /// The range, which is never empty.
    package let fromMs: Int64
    package let toMs: Int64
    /// Round times within the range.
    package let marksMs: [Int64]
    private let stepMs: Int64

    /// - Parameter columns: of the picture above the axis.
    package init(fromMs: Int64, toMs: Int64, columns: Int) {
        self.fromMs = fromMs
        self.toMs = max(toMs, fromMs + 1)
        let span = self.toMs - fromMs
        let marksMax = Int64(max(1, columns / 12))
        let step = Self.steps.first { span / $0 <= marksMax } ?? Self.steps.last!
        stepMs = step
        var mark = fromMs / step * step
        if mark < fromMs { mark += step }
        var marks: [Int64] = []
        while mark <= self.toMs, marks.count <= Int(marksMax) {
            marks.append(mark)
            mark += step
        }
        marksMs = marks
    }

    /// Where a time lies between 0 and `width - 1`.
    package func place(_ timeMs: Int64, width: Int) -> Int {
        let share = Double(timeMs - fromMs) / Double(toMs - fromMs)
        return Int((share * Double(width - 1)).rounded())
    }

    /// `16:30`, at midnight the day, and seconds only where marks are less than a minute apart.
    package func text(_ timeMs: Int64) -> String {
        let time = CivilTime(ms: timeMs)
        let isMidnight = timeMs % 86_400_000 == 0
        if stepMs >= 86_400_000 || isMidnight { return Self.day(time) }
        if stepMs < 1000 { return time.clock }
        return String(time.clock.prefix(stepMs < 60_000 ? 8 : 5))
    }

    /// `20 Nov`
    private static func day(_ time: CivilTime) -> String { "\(time.day) \(months[time.month - 1])" }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

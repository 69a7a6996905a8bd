import Encoding

/// Functions that fit a line or a curve to the floats of a range.
enum TrendFunctions {
    static let all: [FunctionDefinition] = [
        FunctionDefinition("deriv", [.matrix], .overTime(OverTimeFunction(Derivative.self))),
        FunctionDefinition(
            "predict_linear", [.matrix, .scalar], dependsOnTime: true, .overTime(OverTimeFunction(Prediction.self))),
        FunctionDefinition(
            "double_exponential_smoothing", [.matrix, .scalar, .scalar], isExperimental: true,
            .overTime(OverTimeFunction(Smoothing.self))),
    ]

    /// A line by least squares, with times in seconds from `originMs`.
    struct Line {
        var slope: Double
        var intercept: Double

        init(slope: Double, intercept: Double) {
            self.slope = slope
            self.intercept = intercept
        }

        init(_ run: borrowing FloatRun, _ window: Range<Int>, originMs: Int64) {
            var x = KahanSum()
            var y = KahanSum()
            var xy = KahanSum()
            var xx = KahanSum()
            let first = run.values[window.lowerBound]
            var isConstant = true
            for index in window {
                let value = run.values[index]
                if value != first, index > window.lowerBound { isConstant = false }
                let seconds = Double(run.times[index] - originMs) / 1000
                x.add(seconds)
                y.add(value)
                xy.add(seconds * value)
                xx.add(seconds * seconds)
            }
            if isConstant {
                slope = first.isInfinite ? .nan : 0
                intercept = first.isInfinite ? .nan : first
                return
            }
            let count = Double(window.count)
            let sumX = x.sum + x.correction
            let sumY = y.sum + y.correction
            let covariance = xy.sum + xy.correction - sumX * sumY / count
            let variance = xx.sum + xx.correction - sumX * sumX / count
            slope = covariance / variance
            intercept = sumY / count - slope * sumX / count
        }
    }

    enum Derivative: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            // An origin near the samples keeps the squares of times small.
            window.count < 2
                ? Absent.value : Line(run, window, originMs: run.times[window.lowerBound]).slope
        }

        static func sweep(
            _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
        ) {
            slide(run, bounds, context, &row) { line, _ in line.slope }
        }
    }

    enum Prediction: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            guard window.count > 1 else { return Absent.value }
            let line = Line(run, window, originMs: context.grid.timeMs(step))
            return line.slope * context.arguments[0][step] + line.intercept
        }

        static func sweep(
            _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
        ) {
            let durations = context.arguments[0]
            slide(run, bounds, context, &row) { line, step in line.slope * durations[step] + line.intercept }
        }
    }

    /// Holt's double exponential smoothing: a level and a trend, each of which remembers less of what is older.
    enum Smoothing: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            let levelFactor = context.arguments[0][step]
            let trendFactor = context.arguments[1][step]
            guard levelFactor > 0, levelFactor < 1 else {
                return context.fail("invalid smoothing factor. Expected: 0 < sf < 1, got: ", levelFactor)
            }
            guard trendFactor > 0, trendFactor < 1 else {
                return context.fail("invalid trend factor. Expected: 0 < tf < 1, got: ", trendFactor)
            }
            guard window.count > 1 else { return Absent.value }
            let first = window.lowerBound
            var before = 0.0
            var level = run.values[first]
            var trend = run.values[first + 1] - run.values[first]
            for index in window.dropFirst() {
                if index > first + 1 { trend = trendFactor * (level - before) + (1 - trendFactor) * trend }
                before = level
                level = levelFactor * run.values[index] + (1 - levelFactor) * (level + trend)
            }
            return level
        }
    }
}

extension WindowFunction {
    /// Calls `result` with the line of each window of at least two samples, whose origin is the instant of evaluation.
    @inline(__always)
    fileprivate static func slide(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double],
        _ result: (TrendFunctions.Line, Int) -> Double
    ) {
        guard OverTimeFunctions.slides(run, bounds), var sliding = SlidingLine(run) else {
            visitEach(run, bounds, context, &row)
            return
        }
        for step in row.indices {
            let window = bounds[step]
            row[step] =
                window.count < 2
                ? Absent.value
                : result(sliding.move(to: window, of: run, originMs: context.grid.timeMs(step)), step)
        }
    }
}

extension WindowContext {
    /// Ends the query with an error; the value returned does not matter.
    func fail(_ message: String, _ value: Double) -> Double {
        failure = failure ?? .execution(message + FloatText.fixed(value, decimals: 6))
        return Absent.value
    }
}

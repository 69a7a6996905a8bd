/// Functions that summarise the samples of a range.
enum OverTimeFunctions {
    static let all: [FunctionDefinition] = [
        define("sum_over_time", Sum.self),
        define("avg_over_time", Average.self),
        define("min_over_time", Minimum.self),
        define("max_over_time", Maximum.self),
        define("count_over_time", Count.self),
        define("present_over_time", Present.self),
        define("last_over_time", Last.self, keepsName: true),
        define("first_over_time", First.self, keepsName: true),
        define("stddev_over_time", StandardDeviation.self),
        define("stdvar_over_time", Variance.self),
        define("mad_over_time", MedianDeviation.self, isExperimental: true),
        define("ts_of_min_over_time", TimeOfMinimum.self, isExperimental: true),
        define("ts_of_max_over_time", TimeOfMaximum.self, isExperimental: true),
        define("ts_of_first_over_time", TimeOfFirst.self, isExperimental: true),
        define("ts_of_last_over_time", TimeOfLast.self, isExperimental: true),
        FunctionDefinition("quantile_over_time", [.scalar, .matrix], .overTime(OverTimeFunction(Quantile.self))),
    ]

    private static func define<Function: WindowFunction>(
        _ name: String, _ function: Function.Type, keepsName: Bool = false, isExperimental: Bool = false
    ) -> FunctionDefinition {
        FunctionDefinition(
            name, [.matrix], isExperimental: isExperimental,
            .overTime(OverTimeFunction(function, keepsName: keepsName)))
    }

    /// From how many visits of a sample on sliding is cheaper than starting anew at each instant.
    static let slidingOverlap = 4

    static func slides(_ run: borrowing FloatRun, _ bounds: WindowBounds) -> Bool {
        bounds.overlapTotal > slidingOverlap * run.values.count
    }

    enum Count: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double { Double(window.count) }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            .float(Double(window.floats.count + window.histograms.count))
        }
    }

    enum Present: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double { 1 }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            .float(1)
        }
    }

    enum Last: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double { run.values[window.upperBound - 1] }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            guard let histogram = window.histograms.last else { return floatPoint(window, step, context) }
            if !window.floats.isEmpty, window.run.times[window.floats.upperBound - 1] > histogram.timeMs {
                return .float(window.run.values[window.floats.upperBound - 1])
            }
            return .histogram(histogram.value)
        }
    }

    enum First: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double { run.values[window.lowerBound] }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            guard let histogram = window.histograms.first else { return floatPoint(window, step, context) }
            if !window.floats.isEmpty, window.run.times[window.floats.lowerBound] < histogram.timeMs {
                return .float(window.run.values[window.floats.lowerBound])
            }
            return .histogram(histogram.value)
        }
    }

    enum TimeOfFirst: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double { Double(run.times[window.lowerBound]) / 1000 }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            let float = window.floats.isEmpty ? Int64.max : window.run.times[window.floats.lowerBound]
            return .float(Double(min(float, window.histograms.first?.timeMs ?? .max)) / 1000)
        }
    }

    enum TimeOfLast: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double { Double(run.times[window.upperBound - 1]) / 1000 }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            let float = window.floats.isEmpty ? Int64.min : window.run.times[window.floats.upperBound - 1]
            return .float(Double(max(float, window.histograms.last?.timeMs ?? .min)) / 1000)
        }
    }
}

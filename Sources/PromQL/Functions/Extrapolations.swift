/// How far the change of each window is taken to reach beyond its samples, as far as times alone tell. Series that were
/// scraped together share it.
struct Extrapolations: Sendable {
    /// The reach of one window of at least two samples.
    struct Reach: Sendable {
        /// Seconds from the first sample to the last, and from the range's start and to its end as far as they count.
        var sampled = 0.0
        var toStart = 0.0
        var toEnd = 0.0
        /// What the result is divided by: the range in seconds for a rate, else 1.
        var divisor = 1.0
        /// What the change is multiplied by.
        var factor = 0.0

        @inline(__always)
        func factor(toStart: Double) -> Double {
            (sampled == 0 ? 1 : (sampled + toStart + toEnd) / sampled) / divisor
        }
    }

    private(set) var reaches: [Reach] = []
    private var version = -1

    mutating func prepare(
        _ times: Span<Int64>, _ bounds: WindowBounds, _ context: WindowContext, isPerSecond: Bool
    ) {
        if version == bounds.version { return }
        version = bounds.version
        reaches.removeAll(keepingCapacity: true)
        for step in 0..<context.grid.count {
            let window = bounds[step]
            guard window.count > 1 else {
                reaches.append(Reach())
                continue
            }
            var span = Extrapolation(
                firstMs: times[window.lowerBound], lastMs: times[window.upperBound - 1], count: window.count,
                endMs: context.rangeEndMs(step), rangeMs: context.rangeMs)
            span.limitStart()
            reaches.append(span.reach(isPerSecond: isPerSecond))
        }
    }
}

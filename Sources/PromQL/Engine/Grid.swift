/// The instants at which an expression is evaluated.
package struct Grid: Sendable, Hashable {
    package var startMs: Int64
    /// At least 1, also where there is only one instant.
    package var stepMs: Int64
    /// At least 1.
    package var count: Int

    package init(startMs: Int64, stepMs: Int64, count: Int) {
        precondition(stepMs > 0 && count > 0, "BUG: a grid has instants, and they ascend")
        self.startMs = startMs
        self.stepMs = stepMs
        self.count = count
    }

    package init(instantMs: Int64) { self.init(startMs: instantMs, stepMs: 1, count: 1) }

    package init(startMs: Int64, endMs: Int64, stepMs: Int64) {
        self.init(startMs: startMs, stepMs: stepMs, count: Int((endMs - startMs) / stepMs) + 1)
    }

    @inline(__always)
    package func timeMs(_ step: Int) -> Int64 { startMs + Int64(step) * stepMs }

    package var endMs: Int64 { timeMs(count - 1) }
    package var first: Grid { Grid(instantMs: startMs) }
}

/// How the instants of a grid become the instants that a selector or subquery looks at.
struct TimeMapping: Sendable, Hashable {
    var offsetMs: Int64
    /// The fixed instant of an `@` modifier.
    var atMs: Int64?

    @inline(__always)
    func timeMs(_ step: Int, _ grid: Grid) -> Int64 { (atMs ?? grid.timeMs(step)) - offsetMs }
}

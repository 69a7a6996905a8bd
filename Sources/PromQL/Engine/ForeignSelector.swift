import Encoding
package import Posix
package import Storage

/// What a selector written in another language asks: `logs("<LogQL>")`.
package struct ForeignRequest: Sendable {
    /// The text between the quotes.
    package var query: String
    /// The instants at which it is evaluated, both ends included; one where they are equal.
    package var startMs: Int64
    package var endMs: Int64
    /// At least 1.
    package var stepMs: Int64
    /// Refuse rather than answer with more series than this.
    package var seriesMax: Int
    package var cancellation: Cancellation

    package init(
        query: String, startMs: Int64, endMs: Int64, stepMs: Int64, seriesMax: Int = .max,
        cancellation: Cancellation = Cancellation()
    ) {
        self.query = query
        self.startMs = startMs
        self.endMs = endMs
        self.stepMs = stepMs
        self.seriesMax = seriesMax
        self.cancellation = cancellation
    }
}

/// Evaluates a selector of another language: series with a sample at each of the instants where they have a value.
/// Samples at other times are not looked at. It is called while a query runs, on a thread that may take long.
package typealias ForeignSelector = @Sendable (ForeignRequest) throws(QueryError) -> any SeriesSelection

extension QueryRun {
    /// The rows of `logs("<query>")` at the instants that the grid is mapped to.
    func logs(
        _ query: String, _ instant: InstantPlan, _ plan: Plan
    ) throws(QueryError) -> any RowSource {
        guard let logs else {
            throw .execution("no logs are kept here, so logs(\(Quoted.text(query))) has nothing to ask")
        }
        try check()
        let grid = plan.grid
        let request = ForeignRequest(
            query: query, startMs: instant.mapping.timeMs(0, grid),
            endMs: instant.mapping.timeMs(grid.count - 1, grid), stepMs: grid.stepMs,
            seriesMax: options.seriesMax, cancellation: progress.cancellation)
        let selection: any SeriesSelection
        do throws(QueryError) {
            selection = try logs(request)
        } catch {
            throw QueryError(error.kind, "logs(\(Quoted.text(query))): \(error.message)")
        }
        return InstantSource(instant, grid: grid, position: plan.position, selection, self)
    }
}

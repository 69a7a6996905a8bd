package import Model
package import Posix

/// Which series are wanted, and over what time.
package struct SelectRequest: Sendable {
    /// Advice of the asker that a store may ignore: it never changes the answer.
    package struct Hints: Sendable {
        /// Step of the query; zero for an instant query.
        package var stepMs: Int64 = 0
        /// Length of the range selector around the series; zero where there is none.
        package var rangeMs: Int64 = 0
        /// The function or aggregation that encloses the selector; empty where there is none.
        package var function = ""
        package var grouping: [String] = []
        package var groupingIsBy = false

        package init() {}
    }

    /// All of them hold for each series of the answer.
    package var matchers: [Matcher]
    /// First and last instant that matter, both included.
    package var startMs: Int64
    package var endMs: Int64
    /// Series in `Labels` order. Without it the order is the store's, and the same in each read of one selection.
    package var sorted = false
    /// Refuse rather than select more than this.
    package var seriesMax = Int.max
    package var hints = Hints()
    package var cancellation: Cancellation

    package init(
        matchers: [Matcher], startMs: Int64, endMs: Int64, cancellation: Cancellation = Cancellation()
    ) {
        self.matchers = matchers
        self.startMs = startMs
        self.endMs = endMs
        self.cancellation = cancellation
    }
}

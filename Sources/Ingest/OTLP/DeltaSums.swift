import Encoding
import Model
import Posix

/// Turns counts that begin anew with each point into ones that only grow. A series that is silent for long is forgotten.
final class DeltaSums: Sendable {
    private struct Sum: Sendable {
        var values: [Double]
        var startNs: UInt64
        var timeNs: UInt64
        var seenNs: Int64
    }

    private struct State: Sendable {
        var sums: [Labels: Sum] = [:]
        var sweptNs: Int64 = 0
    }

    static let seriesMax = 100_000
    private static let silenceNsMax: Int64 = 300_000_000_000
    private let state = Lock(State())
    private let time: any TimeSource

    init(time: any TimeSource) { self.time = time }

    /// The values so far, and since when. Nil for a point that is older than the last one, or where as many series are
    /// known as may be.
    ///
    /// - Parameters:
    ///   - series: what tells it from others, its name among it.
    ///   - values: of this point, always as many for one series.
    func add(
        _ values: [Double], to series: Labels, startNs: UInt64, timeNs: UInt64
    ) -> (values: [Double], startNs: UInt64)? {
        let nowNs = time.monotonicNs
        return state.withLock { state in
            Self.sweep(&state, nowNs)
            guard var sum = state.sums[series], sum.values.count == values.count else {
                guard state.sums[series] != nil || state.sums.count < Self.seriesMax else { return nil }
                state.sums[series] = Sum(values: values, startNs: startNs, timeNs: timeNs, seenNs: nowNs)
                return (values, startNs)
            }
            guard timeNs > sum.timeNs else { return nil }
            for index in values.indices { sum.values[index] += values[index] }
            sum.timeNs = timeNs
            sum.seenNs = nowNs
            state.sums[series] = sum
            return (sum.values, sum.startNs)
        }
    }

    private static func sweep(_ state: inout State, _ nowNs: Int64) {
        guard nowNs - state.sweptNs > silenceNsMax / 5 else { return }
        state.sweptNs = nowNs
        state.sums = state.sums.filter { nowNs - $0.value.seenNs < silenceNsMax }
    }
}

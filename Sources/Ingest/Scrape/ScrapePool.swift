import Encoding
import Model
import Posix

/// The targets of one job.
final class ScrapePool: Sendable {
    private struct State: Sendable {
        var loops: [UInt64: ScrapeLoop] = [:]
        /// Those of the job's older settings, by URL and labels, until the first targets are known.
        var older: [ScrapeLoop] = []
        var isKnown = false
        var dropped: [Labels] = []
        var droppedCount = 0
    }

    let options: ScrapeOptions
    private let state: Lock<State>

    /// - Parameter before: the same job under settings that have changed.
    init(_ options: ScrapeOptions, after before: ScrapePool? = nil) {
        self.options = options
        state = Lock(State(older: before?.state.withLock { $0.older + $0.loops.values } ?? []))
    }

    var loops: [ScrapeLoop] { state.withLock { Array($0.loops.values) } }

    var targets: [ScrapeTarget] { loops.filter { !$0.leaves }.map(\.target).sorted { $0.url < $1.url } }

    var dropped: (targets: [Labels], count: Int) { state.withLock { ($0.dropped, $0.droppedCount) } }

    /// Takes what discoveries found.
    ///
    /// - Parameters:
    ///   - isComplete: whether all discoveries of the job have told their targets.
    ///   - make: makes the loop of a new target, going on with the one under older settings.
    /// - Returns: loops that begin, and what is wrong with targets that relabelling spoiled.
    func sync(
        _ groups: [TargetGroup], isComplete: Bool, make: (ScrapeTarget, ScrapeLoop?) -> ScrapeLoop
    ) -> (begun: [ScrapeLoop], problems: [String]) {
        var wanted: [UInt64: ScrapeTarget] = [:]
        var dropped: [Labels] = []
        var problems: [String] = []
        for group in groups {
            for address in group.targets {
                switch TargetLabels.make(options, address: address, group: group.labels) {
                case .kept(let labels):
                    let target = ScrapeTarget(options, labels)
                    wanted[target.identity] = target
                case .dropped(let discovered): dropped.append(discovered)
                case .wrong(let problem): problems.append(problem)
                }
            }
        }
        let begun = state.withLock { state in
            state.droppedCount = dropped.count
            state.dropped = Array(dropped.prefix(options.limits.keptDropped))
            return Self.replace(wanted, isComplete, in: &state, make)
        }
        holdTargetLimit(wanted.count)
        return (begun, problems)
    }

    private static func replace(
        _ wanted: [UInt64: ScrapeTarget], _ isComplete: Bool, in state: inout State,
        _ make: (ScrapeTarget, ScrapeLoop?) -> ScrapeLoop
    ) -> [ScrapeLoop] {
        var begun: [ScrapeLoop] = []
        for (identity, loop) in state.loops {
            if let target = wanted[identity] {
                loop.target.setDiscovered(target.discovered)
                loop.leaves = false
            } else if loop.leaves == false {
                loop.leaves = true
            }
        }
        for (identity, target) in wanted where state.loops[identity] == nil {
            let place = state.older.firstIndex { $0.target.url == target.url && $0.target.labels == target.labels }
            let loop = make(target, place.map { state.older.remove(at: $0) })
            state.loops[identity] = loop
            begun.append(loop)
        }
        if isComplete {
            for loop in state.older { loop.leaves = true }
            state.older = []
        }
        return begun
    }

    /// Ends the job: its targets are stale at their next turn.
    func leave() {
        state.withLock { state in
            for loop in state.loops.values { loop.leaves = true }
            for loop in state.older { loop.leaves = true }
        }
    }

    /// Forgets a loop whose target has gone, unless the target came back.
    func remove(_ loop: ScrapeLoop) {
        state.withLock { state in
            if state.loops[loop.target.identity] === loop { state.loops[loop.target.identity] = nil }
        }
    }

    /// More targets than allowed are none: every scrape of the job fails and says why.
    private func holdTargetLimit(_ count: Int) {
        let limit = options.limits.targets
        let reason =
            limit > 0 && count > limit
            ? "target_limit exceeded (number of targets: \(count), limit: \(limit))" : nil
        for loop in loops { loop.blocked.withLock { $0 = reason } }
    }
}

extension ScrapeLimits {
    /// Dropped targets that are remembered where nothing else is said.
    private static let keptDroppedDefault = 10_000

    var keptDropped: Int { keptDroppedTargets > 0 ? keptDroppedTargets : Self.keptDroppedDefault }
}

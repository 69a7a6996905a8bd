import Posix

/// Metrics of one name that differ by label values.
///
/// Callers resolve a child once (at start, per route, per target) and keep the handle: `with` takes a lock and a
/// dictionary look-up. Beyond `childrenMax` label sets every further one shares a child whose values are all "other",
/// so that a label filled from outside cannot grow the process.
package final class Family<Child: Metric>: Sendable {
    private struct State {
        var children: [[String]: Child] = [:]
        var createdMs: [[String]: Int64] = [:]
        var overflow: Child?
        var overflowMs: Int64 = 0
    }

    package let name: String
    let labelNames: [String]
    let childrenMax: Int
    private let time: any TimeSource
    private let make: @Sendable () -> Child
    private let onOverflow: @Sendable () -> Void
    private let state = Lock(State())

    init(
        name: String, labelNames: [String], childrenMax: Int, time: any TimeSource,
        make: @escaping @Sendable () -> Child, onOverflow: @escaping @Sendable () -> Void
    ) {
        self.name = name
        self.labelNames = labelNames
        self.childrenMax = childrenMax
        self.time = time
        self.make = make
        self.onOverflow = onOverflow
    }

    /// The child with these label values, in the order of the label names; made at its first use.
    package func with(_ values: String...) -> Child {
        with(values)
    }

    package func with(_ values: [String]) -> Child {
        precondition(
            values.count == labelNames.count, "BUG: \(name) has labels \(labelNames) and was asked with \(values)")
        let (child, refused) = state.withLock { state in
            if let child = state.children[values] { return (child, false) }
            if state.children.count >= childrenMax {
                if let overflow = state.overflow { return (overflow, true) }
                let overflow = make()
                state.overflow = overflow
                state.overflowMs = time.wallMs
                return (overflow, true)
            }
            let child = make()
            state.children[values] = child
            state.createdMs[values] = time.wallMs
            return (child, false)
        }
        if refused { onOverflow() }
        return child
    }

    /// Forgets a child, so that it is no longer shown; a handle that someone still holds counts unseen.
    package func remove(_ values: String...) {
        state.withLock { state in
            state.children[values] = nil
            state.createdMs[values] = nil
        }
    }

    /// Every child in the order of its label values.
    var points: [MetricPoint] {
        let (children, created, overflow) = state.withLock { state in
            (state.children, state.createdMs, state.overflow.map { ($0, state.overflowMs) })
        }
        var points = children.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { values in
            MetricPoint(
                labels: zip(labelNames, values).map { LabelPair($0, $1) }, reading: children[values]!.reading,
                createdMs: created[values])
        }
        if let (child, createdMs) = overflow {
            points.append(
                MetricPoint(
                    labels: labelNames.map { LabelPair($0, "other") }, reading: child.reading, createdMs: createdMs))
        }
        return points
    }
}

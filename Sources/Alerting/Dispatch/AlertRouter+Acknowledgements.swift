package import Ledger
package import Model
import Posix

/// Somebody takes groups in hand.
extension AlertRouter {
    /// Acknowledges every group with an alert that fires and matches: it is not repeated until it resolves or another
    /// alert joins.
    ///
    /// - Returns: the keys of the groups.
    package func acknowledge(
        _ matchers: [Matcher], by person: String, note: String
    ) throws(LedgerError) -> [String] {
        let nowMs = time.wallMs
        var events: [AlertEvent] = []
        let taken = state.withLock { state -> [Acknowledgement] in
            var taken: [Acknowledgement] = []
            for group in state.groups.values {
                let firing = group.alerts.filter { (state.alerts[$0]?.alert.endsAtMs ?? 0) > nowMs }
                let matching = firing.filter { $0.match(matchers) }
                guard !matching.isEmpty else { continue }
                let acknowledgement = Acknowledgement(
                    groupKey: group.key, firing: Set(firing.map(\.hash)), atMs: nowMs, by: person, note: note)
                state.acknowledgements[group.key] = acknowledgement
                taken.append(acknowledgement)
                events += firing.map {
                    AlertEvent(atMs: nowMs, kind: .acknowledged, labels: $0, detail: "by \(person): \(note)")
                }
            }
            return taken
        }
        for acknowledgement in taken { try ledger.keep(acknowledgement) }
        cluster.note(ClusterUpdate(acknowledgements: taken))
        // An alert may be in several groups.
        try ledger.record(Array(Set(events)).sorted { $0.labels < $1.labels })
        return taken.map(\.groupKey).sorted()
    }

    package var acknowledgements: [Acknowledgement] {
        state.withLock { $0.acknowledgements.values.sorted { $0.atMs > $1.atMs } }
    }
}

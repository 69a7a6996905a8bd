import Model
import PromQL
import Storage

/// Takes up alerts where they stood when the server ended: `ALERTS_FOR_STATE` says since when each was active.
extension AlertingState {
    /// Once, after the first evaluation.
    mutating func restore(atMs: Int64, in environment: RuleEnvironment) throws(RuleFailure) {
        defer { isRestored = true }
        // Short holds begin anew: waiting for the grace time would take longer.
        guard rule.holdMs >= environment.options.graceMs, !active.isEmpty else { return }
        let known = try lastKnown(atMs: atMs, in: environment)
        for labels in active.keys {
            guard let (seenAtMs, activeAtMs) = known[labels] else { continue }
            let restoredMs = restored(activeAtMs: activeAtMs, seenAtMs: seenAtMs, atMs, environment.options)
            active[labels]?.activeAtMs = restoredMs
        }
    }

    private func restored(
        activeAtMs: Int64, seenAtMs: Int64, _ atMs: Int64, _ options: RuleOptions
    ) -> Int64 {
        let remainingMs = rule.holdMs - (seenAtMs - activeAtMs)
        // It was firing: the next evaluation lets it fire again.
        if remainingMs <= 0 { return activeAtMs }
        if remainingMs < options.graceMs { return atMs + options.graceMs - rule.holdMs }
        // The time of the outage does not count.
        return activeAtMs + (atMs - seenAtMs)
    }

    /// When each alert was last seen, and since when it was active then.
    private func lastKnown(
        atMs: Int64, in environment: RuleEnvironment
    ) throws(RuleFailure) -> [Labels: (seenAtMs: Int64, activeAtMs: Int64)] {
        let request = SelectRequest(
            matchers: [
                Matcher(Labels.metricName, equals: Self.sinceSeries), Matcher(Alert.nameLabel, equals: rule.name),
            ], startMs: atMs - environment.options.outageMs, endMs: atMs - 1)
        var known: [Labels: (seenAtMs: Int64, activeAtMs: Int64)] = [:]
        do throws(StorageError) {
            let selection = try environment.store.select(request)
            var labels = LabelBlock()
            var block = SeriesBlock()
            let count = selection.count
            guard count > 0 else { return [:] }
            try selection.labels(0..<count, into: &labels)
            try selection.read(0..<count, into: &block)
            for (row, floats) in block.floats.enumerated() where floats.count > 0 {
                let value = block.values[floats.valueStart + floats.count - 1]
                if StaleMarker.isStale(value) { continue }
                var builder = LabelsBuilder(labels.labels(row))
                builder.remove(Labels.metricName)
                known[builder.labels()] = (
                    block.timestampsMs[floats.timestampStart + floats.count - 1], Int64(value) * 1000
                )
            }
        } catch {
            throw RuleFailure("the state before the restart cannot be read: \(error)")
        }
        return known
    }
}

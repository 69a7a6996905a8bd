import Model

/// Which alerts keep others silent: for each rule the alerts that match its source, by the labels that have to be equal.
struct InhibitionIndex: Sendable {
    private struct Source {
        let endsAtMs: Int64
        /// It matches the target of the rule too, and so does not mute another that matches both.
        let isTarget: Bool
    }

    private struct Entry {
        let rule: InhibitRule
        let equal: Set<String>
        var sources: [Labels: [Labels: Source]] = [:]

        /// What has to be equal; a label that is absent is as good as an empty one.
        func projection(_ labels: Labels) -> Labels { Labels(labels.pairs.filter { equal.contains($0.name) }) }
    }

    private var entries: [Entry]

    init(_ rules: [InhibitRule] = []) {
        entries = rules.map { Entry(rule: $0, equal: Set($0.equal)) }
    }

    mutating func update(_ alert: Alert) {
        for place in entries.indices where alert.labels.match(entries[place].rule.source) {
            let key = entries[place].projection(alert.labels)
            entries[place].sources[key, default: [:]][alert.labels] = Source(
                endsAtMs: alert.endsAtMs, isTarget: alert.labels.match(entries[place].rule.target))
        }
    }

    mutating func forget(_ labels: Labels) {
        for place in entries.indices where labels.match(entries[place].rule.source) {
            let key = entries[place].projection(labels)
            entries[place].sources[key]?[labels] = nil
            if entries[place].sources[key]?.isEmpty ?? false { entries[place].sources[key] = nil }
        }
    }

    /// The alerts that mute this one, one for each rule.
    func mutes(_ labels: Labels, atMs nowMs: Int64) -> [Labels] {
        entries.compactMap { entry in
            guard !entry.sources.isEmpty, labels.match(entry.rule.target) else { return nil }
            guard let candidates = entry.sources[entry.projection(labels)] else { return nil }
            let isSource = labels.match(entry.rule.source)
            return candidates.first { other, source in
                source.endsAtMs > nowMs && !(isSource && source.isTarget)
            }?.key
        }
    }
}

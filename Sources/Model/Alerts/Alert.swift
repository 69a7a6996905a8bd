/// An alert on its way from whoever raised it to those who route it. Its labels are its identity.
package struct Alert: Sendable, Hashable {
    package var labels: Labels
    package var annotations: [String: String]
    package var startsAtMs: Int64
    /// When it ended, or until when it counts as firing if nobody repeats it.
    package var endsAtMs: Int64
    /// Where people see what raised it.
    package var generatorURL: String
    /// When this was last heard.
    package var updatedAtMs: Int64

    package init(
        labels: Labels, annotations: [String: String] = [:], startsAtMs: Int64, endsAtMs: Int64,
        generatorURL: String = "", updatedAtMs: Int64 = 0
    ) {
        self.labels = labels
        self.annotations = annotations
        self.startsAtMs = startsAtMs
        self.endsAtMs = endsAtMs
        self.generatorURL = generatorURL
        self.updatedAtMs = updatedAtMs
    }

    package static let nameLabel = "alertname"

    package var name: String { labels[Self.nameLabel] }

    package func isResolved(atMs nowMs: Int64) -> Bool { endsAtMs <= nowMs }
}

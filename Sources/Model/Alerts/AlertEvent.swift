/// Something that happened to an alert, for its story.
package struct AlertEvent: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Its condition holds, not yet for long enough.
        case pending
        /// Its condition held for less than it has to, and holds no more.
        case reset
        case firing
        case resolved
        case acknowledged
        /// A group that was taken in hand has another alert, or is over.
        case unacknowledged
        /// A receiver was told.
        case notified
        /// A receiver could not be told.
        case failed
        case silenced
        case unsilenced
    }

    package var atMs: Int64
    package var kind: Kind
    package var labels: Labels
    /// The value of the expression; nil where it has none any more.
    package var value: Double?
    /// Why, in words.
    package var detail: String

    package init(atMs: Int64, kind: Kind, labels: Labels, value: Double? = nil, detail: String = "") {
        self.atMs = atMs
        self.kind = kind
        self.labels = labels
        self.value = value
        self.detail = detail
    }
}

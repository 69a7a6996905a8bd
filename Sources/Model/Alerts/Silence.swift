/// Alerts that match are not told of for a while, because somebody said so.
package struct Silence: Sendable, Hashable {
    package enum State: String, Sendable {
        case pending
        case active
        case expired
    }

    /// A UUID in its text form.
    package var id: String
    /// All of them have to hold.
    package var matchers: [Matcher]
    package var startsAtMs: Int64
    package var endsAtMs: Int64
    package var updatedAtMs: Int64
    package var createdBy: String
    package var comment: String
    package var annotations: [String: String]

    package init(
        id: String, matchers: [Matcher], startsAtMs: Int64, endsAtMs: Int64, updatedAtMs: Int64, createdBy: String,
        comment: String, annotations: [String: String] = [:]
    ) {
        self.id = id
        self.matchers = matchers
        self.startsAtMs = startsAtMs
        self.endsAtMs = endsAtMs
        self.updatedAtMs = updatedAtMs
        self.createdBy = createdBy
        self.comment = comment
        self.annotations = annotations
    }

    package func state(atMs nowMs: Int64) -> State {
        if nowMs >= endsAtMs { return .expired }
        return nowMs < startsAtMs ? .pending : .active
    }

    package func matches(_ labels: Labels) -> Bool { labels.match(matchers) }
}

extension Labels {
    /// Whether all conditions hold; a label that is absent is empty.
    package func match(_ matchers: [Matcher]) -> Bool {
        matchers.allSatisfy { matcher in
            var name = matcher.name
            name.makeContiguousUTF8()
            guard let range = valueRange(of: name.utf8.span) else { return matcher.matchesEmpty }
            return matcher.matches(bytes.span.extracting(range))
        }
    }
}

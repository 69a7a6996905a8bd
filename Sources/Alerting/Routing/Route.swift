package import Model

/// A node of the tree that alerts are routed through. What a node does not say it has from the one above.
package struct Route: Sendable {
    package var receiver: String
    /// Labels that make a group; all of them where `groupsByAll` is set.
    package var groupBy: [String]
    package var groupsByAll: Bool
    package var matchers: [Matcher]
    package var continues: Bool
    package var groupWaitMs: Int64
    package var groupIntervalMs: Int64
    package var repeatIntervalMs: Int64
    /// Names of intervals.
    package var muteTimes: [String]
    package var activeTimes: [String]
    /// What notifications may say of the route; those from above included.
    package var labels: [RouteLabel]
    package var routes: [Route]
    /// Where it stands in the tree, such as `{}/{team="a"}`, for keys of groups.
    package var key: String
    /// Counted through the tree, from the root down.
    package internal(set) var place = 0

    /// The nodes that take an alert: the deepest that match, and on from each that says `continue`.
    package func matches(_ labels: Labels) -> [Route] {
        guard takes(labels) else { return [] }
        var found: [Route] = []
        for route in routes {
            let deeper = route.matches(labels)
            found += deeper
            if !deeper.isEmpty, !route.continues { break }
        }
        return found.isEmpty ? [self] : found
    }

    /// Numbers this node and all below. Returns the next number.
    mutating func number(from first: Int = 0) -> Int {
        place = first
        var next = first + 1
        for child in routes.indices { next = routes[child].number(from: next) }
        return next
    }

    private func takes(_ labels: Labels) -> Bool { labels.match(matchers) }

    /// The labels that name the group of an alert.
    package func group(of labels: Labels) -> Labels {
        if groupsByAll { return labels }
        return Labels(labels.pairs.filter { groupBy.contains($0.name) })
    }

    /// This node and all below.
    package var all: [Route] { [self] + routes.flatMap(\.all) }
}

/// A text about a route, written for each group by its template.
package struct RouteLabel: Sendable {
    package var name: String
    package var template: String
}

/// Alerts that keep others from being told: while an alert matches `source`, those that match `target` and have the same
/// values of `equal` are muted.
package struct InhibitRule: Sendable {
    package var name: String
    package var source: [Matcher]
    package var target: [Matcher]
    package var equal: [String]
}

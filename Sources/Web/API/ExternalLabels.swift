import Model

/// The labels that series get when they leave for other systems.
package struct ExternalLabels: Sendable {
    private let labels: [(name: String, value: String)]

    package init(_ labels: [String: String]) {
        self.labels = labels.filter { !$0.value.isEmpty }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { ($0.key, $0.value) }
    }

    subscript(name: String) -> String? { labels.first { $0.name == name }?.value }

    /// The series' labels with these, sorted; a label that the series has stays as it is.
    func added(to series: Labels) -> [(name: String, value: String)] {
        let own = series.pairs
        let more = labels.filter { label in !own.contains { $0.name == label.name } }
        if more.isEmpty { return own }
        return (own + more).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Those that a series has not, behind its own.
    func missing(in series: [(name: String, value: String)]) -> [(name: String, value: String)] {
        labels.filter { label in !series.contains { $0.name == label.name } }
    }

    /// Conditions as the store knows the series: a reader asks for these labels, which are stored nowhere.
    func removed(from matchers: [Matcher]) -> [Matcher] {
        matchers.map { matcher in
            matcher.operation == .equal && self[matcher.name] == matcher.value
                ? Matcher(matcher.name, equals: "") : matcher
        }
    }
}

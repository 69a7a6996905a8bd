import Model

/// Where an alert stands in a notification, by Alertmanager's order, which templates and `max_alerts` rely on: by `job`
/// and `instance`, whoever has them first; then those with fewer labels; then by the labels.
struct AlertOrder {
    private let job: String?
    private let instance: String?
    private let pairs: [(name: String, value: String)]

    init(_ labels: Labels) {
        pairs = labels.pairs
        job = pairs.first { $0.name == "job" }?.value
        instance = pairs.first { $0.name == "instance" }?.value
    }

    static func sorted(_ alerts: [Alert]) -> [Alert] {
        alerts.map { (order: AlertOrder($0.labels), alert: $0) }
            .sorted { $0.order.isBefore($1.order) }
            .map(\.alert)
    }

    private func isBefore(_ other: AlertOrder) -> Bool {
        for (own, its) in [(job, other.job), (instance, other.instance)] where own != its {
            guard let own else { return false }
            return its.map { Self.isLess(own, $0) } ?? true
        }
        if pairs.count != other.pairs.count { return pairs.count < other.pairs.count }
        for (own, its) in zip(pairs, other.pairs) {
            // Whoever lacks the lower of two names is first.
            if own.name != its.name { return Self.isLess(its.name, own.name) }
            if own.value != its.value { return Self.isLess(own.value, its.value) }
        }
        return false
    }

    private static func isLess(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}

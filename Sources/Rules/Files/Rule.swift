package import Encoding

/// One rule of a file: a new series, or alerts.
package struct Rule: Sendable {
    package enum Kind: Sendable, Equatable {
        /// The name of the series.
        case recording(String)
        /// The name of the alerts.
        case alerting(String)
    }

    package var kind: Kind
    /// As it was written.
    package var text: String
    package var expression: RuleExpression
    /// For how long the condition has to hold.
    package var holdMs: Int64 = 0
    /// For how long alerts go on firing when it holds no more.
    package var keepFiringMs: Int64 = 0
    /// Added to each result, sorted by name; templates where the rule raises alerts.
    package var labels: [(name: String, value: String)] = []
    package var annotations: [(name: String, value: String)] = []
    package var position: ConfigurationPosition

    package var name: String {
        switch kind {
        case .recording(let name), .alerting(let name): name
        }
    }

    package var isAlerting: Bool {
        if case .alerting = kind { true } else { false }
    }
}

/// Equal rules do the same, wherever they stand: what they know of the past may be handed over.
extension Rule: Equatable {
    package static func == (a: Rule, b: Rule) -> Bool {
        a.kind == b.kind && a.text == b.text && a.holdMs == b.holdMs && a.keepFiringMs == b.keepFiringMs
            && a.labels.elementsEqual(b.labels, by: ==) && a.annotations.elementsEqual(b.annotations, by: ==)
    }
}

/// Rules that are evaluated one after the other, all at the same instant.
package struct RuleGroup: Sendable {
    package var file: String
    package var name: String
    /// Nil where the server's default holds.
    package var intervalMs: Int64?
    package var queryOffsetMs: Int64?
    /// How many alerts or series one rule may yield; zero for any number.
    package var limit = 0
    package var rules: [Rule] = []
    /// Of all expressions; nil where each shows by itself which it is in.
    package var language: RuleExpression.Language?
    package var position: ConfigurationPosition

    /// What tells the group from all others.
    package var key: String { "\(file);\(name)" }
}

extension RuleGroup: Equatable {
    package static func == (a: RuleGroup, b: RuleGroup) -> Bool {
        a.key == b.key && a.intervalMs == b.intervalMs && a.queryOffsetMs == b.queryOffsetMs && a.limit == b.limit
            && a.language == b.language && a.rules == b.rules
    }
}

package import Encoding
import PromQL

/// What is allowed in a rule file and yet hardly meant.
package enum RuleLints {
    /// - Parameter labels: the names of the labels that the series of each metric of a store have; nil where no store is
    ///   looked at.
    package static func notices(_ groups: [RuleGroup], labels: [String: Set<String>]? = nil) -> [ConfigurationNotice] {
        let rules = groups.flatMap(\.rules)
        let known = KnownLabels(labels, recorded: Set(rules.filter { !$0.isAlerting }.map(\.name)))
        return RuleFile.duplicates(in: groups) + rules.flatMap(notices) + rules.flatMap(known.notices)
    }

    /// The metrics that rules ask for by their whole names.
    package static func metrics(in groups: [RuleGroup]) -> Set<String> {
        var names: Set<String> = []
        func add(_ expression: Expression) {
            if case .selector(let selector) = expression, let name = selector.wholeName { names.insert(name) }
            for child in expression.children { add(child) }
        }
        for rule in groups.flatMap(\.rules) {
            if case .promQL(let expression) = rule.expression { add(expression) }
        }
        return names
    }

    private static func notices(_ rule: Rule) -> [ConfigurationNotice] {
        guard case .alerting(let name) = rule.kind else { return [] }
        var texts: [String] = []
        if rule.holdMs == 0 {
            texts.append("the alert \(name) has no `for`: one failed scrape is enough to fire it")
        }
        if case .promQL(let expression) = rule.expression {
            texts += pitfalls(expression).map { "the alert \(name) \($0)" }
        }
        return texts.map { ConfigurationNotice(at: rule.position, $0) }
    }

    private static func pitfalls(_ expression: Expression) -> [String] {
        var found: [String] = []
        switch expression {
        case .call(let call) where call.function.name.hasPrefix("absent"):
            if let text = absentPitfall(call) { found.append(text) }
        case .binary(let node):
            if let text = alwaysPresent(node) { found.append(text) }
        default: break
        }
        return found + expression.children.flatMap(pitfalls)
    }

    /// `absent` takes the labels of its result from the selector inside.
    private static func absentPitfall(_ call: Call) -> String? {
        guard let inner = call.arguments.first?.unwrapped else { return nil }
        switch inner {
        case .selector, .range: return nil
        default:
            return
                "asks \(call.function.name)() of an expression that is no selector: its result has no labels and says not what is missing"
        }
    }

    /// `bool` yields 0 rather than nothing, and an alert fires for each series of the result.
    private static func alwaysPresent(_ node: BinaryOperation) -> String? {
        guard node.returnsBool else { return nil }
        return
            "compares with `bool`: the result is there whether or not it holds, and fires either way unless it is compared again"
    }
}

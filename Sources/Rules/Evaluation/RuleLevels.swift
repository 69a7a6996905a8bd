import Encoding
import Model
import PromQL

/// Which rules of a group may be evaluated at once: none of a level reads what another one of it writes, and what is to be
/// written before it is read, or read before it is written anew, lies in an earlier level.
enum RuleLevels {
    /// Places of rules, level by level.
    static func of(_ rules: [Rule]) -> [[Int]] {
        var known = Known()
        var levels: [[Int]] = []
        for (place, rule) in rules.enumerated() {
            let level = known.level(of: rule)
            if level == levels.count { levels.append([]) }
            levels[level].append(place)
        }
        return levels
    }

    /// The levels that follow those of the rules before which read or wrote something.
    private struct Known {
        private var behindReaders: [String: Int] = [:]
        private var behindWriters: [String: Int] = [:]
        private var behindReadersOfAll = 0
        private var behindAll = 0

        mutating func level(of rule: Rule) -> Int {
            let reads = RuleReads(rule)
            var level = reads.isAll ? behindAll : behindReadersOfAll
            for name in reads.names { level = max(level, behindWriters[name] ?? 0) }
            for name in Self.written(rule) { level = max(level, behindReaders[name] ?? 0) }
            // Alerts write series of one name, and none of another one's.
            if !rule.isAlerting { level = max(level, behindWriters[rule.name] ?? 0) }
            for name in reads.names { behindReaders[name] = max(behindReaders[name] ?? 0, level + 1) }
            for name in Self.written(rule) { behindWriters[name] = max(behindWriters[name] ?? 0, level + 1) }
            if reads.isAll { behindReadersOfAll = max(behindReadersOfAll, level + 1) }
            behindAll = max(behindAll, level + 1)
            return level
        }

        private static func written(_ rule: Rule) -> [String] {
            rule.isAlerting ? [AlertingState.alertsSeries, AlertingState.sinceSeries] : [rule.name]
        }
    }
}

/// The metrics that a rule looks at.
private struct RuleReads {
    var names: Set<String> = []
    /// It may look at any.
    var isAll = false

    init(_ rule: Rule) {
        if case .promQL(let expression) = rule.expression { add(expression) }
        // Templates may ask what they like.
        if (rule.labels + rule.annotations).contains(where: { !RuleTemplate.isPlain($0.value) && Self.asks($0.value) })
        {
            isAll = true
        }
    }

    private static func asks(_ template: String) -> Bool { template.contains("query") || template.contains("template") }

    private mutating func add(_ expression: Expression) {
        switch expression {
        case .selector(let selector) where selector.logs == nil:
            if let name = selector.wholeName { names.insert(name) } else { isAll = true }
        // It joins with metrics that stand nowhere.
        case .call(let call) where call.function.name == "info": isAll = true
        default: break
        }
        for child in expression.children { add(child) }
    }
}

import Encoding
import Model
import PromQL

/// What is known of the labels that series have: from a store, and from expressions that leave only some of them.
struct KnownLabels {
    private let stored: [String: Set<String>]?
    private let recorded: Set<String>

    /// - Parameters:
    ///   - stored: the names of labels by the metrics of a store; nil where none is looked at.
    ///   - recorded: metrics that come to be by the rules themselves.
    init(_ stored: [String: Set<String>]?, recorded: Set<String>) {
        self.stored = stored
        self.recorded = recorded.union([AlertingState.alertsSeries, AlertingState.sinceSeries])
    }

    /// Metrics and labels that a rule asks for and that are not there.
    func notices(_ rule: Rule) -> [ConfigurationNotice] {
        guard case .promQL(let expression) = rule.expression else { return [] }
        return missing(expression).map {
            ConfigurationNotice(at: rule.position, "\(rule.isAlerting ? "the alert" : "the rule") \(rule.name) \($0)")
        }
    }

    private func missing(_ expression: Expression) -> [String] {
        var found: [String] = []
        switch expression {
        case .selector(let selector):
            if let stored, let name = selector.wholeName, !recorded.contains(name), stored[name] == nil {
                found.append("asks for \(name), of which the store has no series")
            }
        case .aggregation(let node) where !node.isWithout:
            if let names = labels(of: node.expression) {
                found += node.grouping.filter { !names.contains($0) }.map {
                    "groups by \($0), a label that nothing it groups has"
                }
            }
        default: break
        }
        return found + expression.children.flatMap(missing)
    }

    /// The names of the labels that its series can have; nil where nobody knows.
    private func labels(of expression: Expression) -> Set<String>? {
        switch expression {
        case .selector(let selector): return selector.wholeName.flatMap { stored?[$0] }
        case .range(let node): return labels(of: .selector(node.selector))
        case .subquery(let node): return labels(of: node.expression)
        case .paren(let node): return labels(of: node.expression)
        case .unary(let node): return labels(of: node.expression)
        case .aggregation(let node): return labels(of: node)
        case .call(let call): return labels(of: call)
        case .binary(let node):
            if node.left.type == .scalar { return labels(of: node.right) }
            return node.right.type == .scalar ? labels(of: node.left) : nil
        case .number, .string: return nil
        }
    }

    private func labels(of node: Aggregation) -> Set<String>? {
        switch node.operation {
        case .topk, .bottomk, .limitk, .limitRatio: return labels(of: node.expression)
        case .countValues: return nil
        default: return node.isWithout ? labels(of: node.expression)?.subtracting(node.grouping) : Set(node.grouping)
        }
    }

    /// Of one vector most functions leave the labels as they are.
    private func labels(of call: Call) -> Set<String>? {
        let vectors = call.arguments.filter { $0.type == .vector || $0.type == .matrix }
        let name = call.function.name
        let isPlain = !name.hasPrefix("label_") && !name.hasPrefix("absent") && name != "info"
        return vectors.count == 1 && isPlain ? labels(of: vectors[0]) : nil
    }
}

extension VectorSelector {
    /// The metric's name where it is told as a whole.
    var wholeName: String? {
        let name = matchers.first { $0.name == Labels.metricName && $0.operation == .equal && !$0.value.isEmpty }
        return logs == nil ? name?.value : nil
    }
}

import Encoding
import Model

/// Expressions as text in one line, the way Prometheus prints them.
extension Expression: CustomStringConvertible {
    package var description: String {
        switch self {
        case .number(let node): node.text
        case .string(let node): node.invalidBytes.map(Quoted.bytes) ?? Quoted.text(node.value)
        case .selector(let node): node.text(withShift: true)
        case .range(let node): node.text
        case .subquery(let node): "\(node.expression)\(node.suffix)"
        case .call(let node):
            "\(node.function.name)(\(node.arguments.map(\.description).joined(separator: ", ")))"
        case .aggregation(let node): node.text
        case .binary(let node): "\(node.left) \(node.operatorText) \(node.right)"
        case .unary(let node): (node.isNegation ? "-" : "+") + node.expression.description
        case .paren(let node): "(\(node.expression))"
        }
    }
}

extension NumberLiteral {
    var text: String {
        guard isDuration else { return FloatText.plain(value) }
        return Durations.text(ofMs: Int64((value * 1000).rounded()))
    }
}

extension Matcher {
    /// `name="value"`, with the name in quotes where it is no plain identifier.
    package var text: String { "\(LabelNames.quotedIfNeeded(name))\(operation.rawValue)\(Quoted.text(value))" }
}

/// Names of labels and metrics as the language writes them.
enum LabelNames {
    static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, Lexer.isAlpha(first) else { return false }
        return name.utf8.allSatisfy(Lexer.isAlphaNumeric)
    }

    static func quotedIfNeeded(_ name: String) -> String { isPlain(name) ? name : Quoted.text(name) }

    static func list(_ names: [String]) -> String { names.map(quotedIfNeeded).joined(separator: ", ") }
}

extension TimeShift {
    var atText: String {
        switch at {
        case .timestampMs(let milliseconds): " @ \(FloatText.fixed(Double(milliseconds) / 1000, decimals: 3))"
        case .start: " @ start()"
        case .end: " @ end()"
        case nil: ""
        }
    }

    var offsetText: String {
        if let offsetExpression { return " offset \(offsetExpression)" }
        return offsetMs == 0 ? "" : " offset \(Durations.text(ofMs: offsetMs))"
    }
}

extension VectorSelector {
    func text(withShift: Bool) -> String {
        let conditions =
            matchers.filter {
                !($0.name == Labels.metricName && $0.operation == .equal && $0.value == name && !name.isEmpty)
            }
            .map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var text = name
        if let logs {
            text = "\(Parser.logSelector)(\(Quoted.text(logs)))"
        } else if !conditions.isEmpty || name.isEmpty {
            text += "{\(conditions.joined(separator: ","))}"
        }
        guard withShift else { return text }
        return text + shift.atText + edgeText + shift.offsetText
    }

    var edgeText: String { edge == .plain ? "" : " \(edge.rawValue)" }
}

extension RangeSelector {
    var text: String {
        "\(selector.text(withShift: false))[\(rangeText)]\(selector.edgeText)\(selector.shift.atText)"
            + selector.shift.offsetText
    }

    private var rangeText: String { rangeExpression?.description ?? Durations.text(ofMs: rangeMs) }
}

extension Subquery {
    /// `[range:step]` with the modifiers behind it.
    var suffix: String {
        let range = rangeExpression?.description ?? Durations.text(ofMs: rangeMs)
        var step = stepExpression?.description ?? ""
        if stepMs != 0 { step = Durations.text(ofMs: stepMs) }
        return "[\(range):\(step)]\(shift.atText)\(shift.offsetText)"
    }
}

extension Aggregation {
    var text: String {
        "\(operatorText)(\(parameter.map { "\($0), " } ?? "")\(expression))"
    }

    /// The operator with its grouping.
    var operatorText: String {
        if isWithout { return "\(operation.rawValue) without (\(LabelNames.list(grouping))) " }
        return grouping.isEmpty ? operation.rawValue : "\(operation.rawValue) by (\(LabelNames.list(grouping))) "
    }
}

extension BinaryOperation {
    /// The operator with its modifiers.
    var operatorText: String {
        var text = operation.rawValue + (returnsBool ? " bool" : "")
        guard left.type == .vector, right.type == .vector, let matching else { return text }
        let isGrouped = matching.cardinality == .manyToOne || matching.cardinality == .oneToMany
        if !matching.labels.isEmpty || matching.isOn || isGrouped {
            text += " \(matching.isOn ? "on" : "ignoring") (\(LabelNames.list(matching.labels)))"
        }
        if isGrouped {
            let side = matching.cardinality == .manyToOne ? "left" : "right"
            text += " group_\(side) (\(LabelNames.list(matching.include)))"
        }
        if let left = matching.fillLeft, let right = matching.fillRight, left == right {
            return text + " fill (\(FloatText.general(left)))"
        }
        if let left = matching.fillLeft { text += " fill_left (\(FloatText.general(left)))" }
        if let right = matching.fillRight { text += " fill_right (\(FloatText.general(right)))" }
        return text
    }
}

extension DurationExpression: CustomStringConvertible {
    package var description: String {
        switch form {
        case .number(let literal): literal.text
        case .step: "step()"
        case .range: "range()"
        case .minimum(let first, let second): "min_of(\(first), \(second))"
        case .maximum(let first, let second): "max_of(\(first), \(second))"
        case .negated(let operand): "-\(operand)"
        case .binary(let operation, let left, let right): "\(left) \(operation.rawValue) \(right)"
        case .parenthesised(let inner): "(\(inner))"
        }
    }
}

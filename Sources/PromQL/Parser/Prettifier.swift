/// Expressions over several lines: what is longer than a line is split at its operator or its parentheses.
package enum Prettifier {
    static let lineLengthMax = 100

    package static func text(of expression: Expression) -> String { text(of: expression, level: 0) }

    private static func text(of expression: Expression, level: Int) -> String {
        let indent = String(repeating: "  ", count: level)
        let line = expression.description
        switch expression {
        case .unary(let node):
            let operand = text(of: node.expression, level: level).drop { $0 == " " }
            return indent + (node.isNegation ? "-" : "+") + operand
        case .subquery(let node):
            if line.utf8.count <= lineLengthMax { return line }
            return text(of: node.expression, level: level) + node.suffix
        default: break
        }
        guard line.utf8.count > lineLengthMax else { return indent + line }
        switch expression {
        case .aggregation(let node):
            let parameter = node.parameter.map { text(of: $0, level: level + 1) + ",\n" } ?? ""
            return
                "\(indent)\(node.operatorText)(\n\(parameter)\(text(of: node.expression, level: level + 1))\n\(indent))"
        case .binary(let node):
            return text(of: node.left, level: level + 1) + "\n\(indent)\(node.operatorText)\n"
                + text(of: node.right, level: level + 1)
        case .call(let node):
            let arguments = node.arguments.map { text(of: $0, level: level + 1) }.joined(separator: ",\n")
            return "\(indent)\(node.function.name)(\n\(arguments)\n\(indent))"
        case .paren(let node):
            return "\(indent)(\n\(text(of: node.expression, level: level + 1))\n\(indent))"
        default: return indent + line
        }
    }
}

package import Encoding
import Model

/// An expression's tree as JSON, in the form of Prometheus' `parse_query`.
package enum ExpressionDescription {
    package static func write(_ expression: Expression, to json: inout JSONWriter) {
        json.beginObject()
        switch expression {
        case .number(let node):
            json.member("type", "numberLiteral")
            json.member("val", FloatText.plain(node.value))
        case .string(let node):
            json.member("type", "stringLiteral")
            json.member("val", node.value)
        case .paren(let node):
            json.member("type", "parenExpr")
            member("expr", node.expression, &json)
        case .unary(let node):
            json.member("type", "unaryExpr")
            json.member("op", node.isNegation ? "-" : "+")
            member("expr", node.expression, &json)
        case .selector(let node):
            json.member("type", "vectorSelector")
            write(node, &json)
        case .range(let node):
            json.member("type", "matrixSelector")
            write(node.selector, &json)
            duration("range", node.rangeMs, node.rangeExpression, &json)
        case .subquery(let node): write(node, &json)
        case .call(let node): write(node, &json)
        case .aggregation(let node): write(node, &json)
        case .binary(let node): write(node, &json)
        }
        json.endObject()
    }

    private static func member(_ name: String, _ expression: Expression?, _ json: inout JSONWriter) {
        json.name(name)
        if let expression { write(expression, to: &json) } else { json.null() }
    }

    private static func list(_ name: String, _ texts: [String], _ json: inout JSONWriter) {
        json.name(name)
        json.beginArray()
        for text in texts { json.string(text) }
        json.endArray()
    }

    /// A fixed duration in milliseconds, and the expression that it is computed by, or null.
    private static func duration(
        _ name: String, _ milliseconds: Int64, _ expression: DurationExpression?, _ json: inout JSONWriter
    ) {
        json.member(name, Int(milliseconds))
        json.name("\(name)Expr")
        if let expression { write(expression, isWrapped: false, &json) } else { json.null() }
    }

    private static func write(_ expression: DurationExpression, isWrapped: Bool, _ json: inout JSONWriter) {
        if case .parenthesised(let inner) = expression.form {
            guard case .number = inner.form else { return write(inner, isWrapped: true, &json) }
            return operation("+", nil, inner, isWrapped: true, &json)
        }
        switch expression.form {
        case .number(let literal):
            json.beginObject()
            json.member("type", "numberLiteral")
            json.member("val", FloatText.plain(literal.value))
            json.member("duration", literal.isDuration)
            json.endObject()
        case .step: operation("step", nil, nil, isWrapped: isWrapped, &json)
        case .range: operation("range", nil, nil, isWrapped: isWrapped, &json)
        case .minimum(let a, let b): operation("min_of", a, b, isWrapped: isWrapped, &json)
        case .maximum(let a, let b): operation("max_of", a, b, isWrapped: isWrapped, &json)
        case .negated(let operand): operation("-", nil, operand, isWrapped: isWrapped, &json)
        case .binary(let sign, let a, let b): operation(sign.rawValue, a, b, isWrapped: isWrapped, &json)
        case .parenthesised: break
        }
    }

    private static func operation(
        _ name: String, _ left: DurationExpression?, _ right: DurationExpression?, isWrapped: Bool,
        _ json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("type", "durationExpr")
        json.member("op", name)
        for (side, operand) in [("lhs", left), ("rhs", right)] {
            json.name(side)
            if let operand { write(operand, isWrapped: false, &json) } else { json.null() }
        }
        json.member("wrapped", isWrapped)
        json.endObject()
    }

    private static func write(_ shift: TimeShift, _ json: inout JSONWriter) {
        duration("offset", shift.offsetMs, shift.offsetExpression, &json)
        json.name("timestamp")
        if case .timestampMs(let milliseconds) = shift.at { json.number(Int(milliseconds)) } else { json.null() }
        json.name("startOrEnd")
        switch shift.at {
        case .start: json.string("start")
        case .end: json.string("end")
        default: json.null()
        }
    }

    private static func write(_ selector: VectorSelector, _ json: inout JSONWriter) {
        json.member("name", selector.name)
        if let logs = selector.logs { json.member("logs", logs) }
        json.name("matchers")
        json.beginArray()
        for matcher in selector.matchers {
            json.beginObject()
            json.member("name", matcher.name)
            json.member("type", matcher.operation.rawValue)
            json.member("value", matcher.value)
            json.endObject()
        }
        json.endArray()
        write(selector.shift, &json)
        json.member("anchored", selector.edge == .anchored)
        json.member("smoothed", selector.edge == .smoothed)
    }

    private static func write(_ node: Subquery, _ json: inout JSONWriter) {
        json.member("type", "subquery")
        member("expr", node.expression, &json)
        duration("range", node.rangeMs, node.rangeExpression, &json)
        duration("step", node.stepMs, node.stepExpression, &json)
        write(node.shift, &json)
    }

    private static func write(_ node: Call, _ json: inout JSONWriter) {
        json.member("type", "call")
        json.name("func")
        json.beginObject()
        json.member("name", node.function.name)
        list("argTypes", node.function.argumentTypes.map(\.rawValue), &json)
        json.member("variadic", node.function.variadic)
        json.member("returnType", node.function.returns.rawValue)
        json.endObject()
        json.name("args")
        json.beginArray()
        for argument in node.arguments { write(argument, to: &json) }
        json.endArray()
    }

    private static func write(_ node: Aggregation, _ json: inout JSONWriter) {
        json.member("type", "aggregation")
        json.member("op", node.operation.rawValue)
        member("expr", node.expression, &json)
        member("param", node.parameter, &json)
        list("grouping", node.grouping, &json)
        json.member("without", node.isWithout)
    }

    private static func write(_ node: BinaryOperation, _ json: inout JSONWriter) {
        json.member("type", "binaryExpr")
        json.member("op", node.operation.rawValue)
        member("lhs", node.left, &json)
        member("rhs", node.right, &json)
        json.name("matching")
        if node.left.type == .vector, node.right.type == .vector, let matching = node.matching {
            write(matching, isSet: node.operation.isSet, &json)
        } else {
            json.null()
        }
        json.member("bool", node.returnsBool)
    }

    private static func write(_ matching: VectorMatching, isSet: Bool, _ json: inout JSONWriter) {
        json.beginObject()
        let cardinality = isSet ? VectorMatching.Cardinality.manyToMany : matching.cardinality
        json.member("card", cardinality.rawValue)
        list("labels", matching.labels, &json)
        json.member("on", matching.isOn)
        list("include", matching.include, &json)
        json.name("fillValues")
        json.beginObject()
        for (side, fill) in [("lhs", matching.fillLeft), ("rhs", matching.fillRight)] {
            json.name(side)
            if let fill { json.number(fill) } else { json.null() }
        }
        json.endObject()
        json.endObject()
    }
}

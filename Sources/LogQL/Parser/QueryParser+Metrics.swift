import Encoding
import Model
import PromQL
import Text

/// Expressions that give numbers.
extension QueryParser {
    mutating func metric() throws(LogQLError) -> MetricExpression { try binary(above: 0) }

    private mutating func binary(above precedence: Int) throws(LogQLError) -> MetricExpression {
        var left = try nested { (parser) throws(LogQLError) in try parser.operand() }
        while token.kind == .sign, let operation = BinaryOperation.Operator(rawValue: token.text),
            operation.precedence > precedence
        {
            let sign = advance()
            var returnsBool = false
            if token.isSign("bool") {
                if !operation.isComparison { throw unexpected() }
                advance()
                returnsBool = true
            }
            let matching = try matching(operation)
            let isRightBound = operation == .power
            let right = try nested { (parser) throws(LogQLError) in
                if parser.token.isSign("{") { try parser.refuseLines(behind: sign) }
                return try parser.binary(above: isRightBound ? operation.precedence - 1 : operation.precedence)
            }
            left = try combine(operation, returnsBool, matching, left, right, at: sign)
        }
        return left
    }

    /// Two numbers are one number.
    private func combine(
        _ operation: BinaryOperation.Operator, _ returnsBool: Bool, _ matching: BinaryOperation.Matching,
        _ left: MetricExpression, _ right: MetricExpression, at sign: Token
    ) throws(LogQLError) -> MetricExpression {
        if operation.isSet {
            for (side, value) in [("left", left), ("right", right)] {
                if case .literal(let number) = value {
                    throw failure(
                        "unexpected literal for \(side) leg of logical/set binary operation (\(operation.rawValue)): \(FloatText.fixed(number, decimals: 6))"
                    )
                }
            }
        }
        if case .literal(let a) = left, case .literal(let b) = right, !operation.isComparison {
            return .literal(ScalarMath.value(operation, a, b))
        }
        if case .literal(let a) = left, case .literal(let b) = right {
            return .literal(ScalarMath.holds(operation, a, b) ? 1 : 0)
        }
        return .binary(
            BinaryOperation(
                operation: operation, returnsBool: returnsBool, matching: matching, left: left, right: right))
    }

    private mutating func matching(
        _ operation: BinaryOperation.Operator
    ) throws(LogQLError) -> BinaryOperation.Matching {
        var matching = BinaryOperation.Matching()
        guard token.isSign("on") || token.isSign("ignoring") else { return matching }
        matching.isOn = advance().text == "on"
        matching.isWritten = true
        matching.labels = try names()
        if token.isSign("group_left") || token.isSign("group_right") {
            if operation.isSet { throw unexpected() }
            matching.cardinality = advance().text == "group_left" ? .manyToOne : .oneToMany
            if token.isSign("(") { matching.included = try names() }
        }
        return matching
    }

    /// `(a, b)`
    private mutating func names() throws(LogQLError) -> [String] {
        try expect("(")
        var names: [String] = []
        if skip(")") { return [] }
        repeat {
            guard token.kind == .identifier, !token.isCall else {
                throw unexpected(names.isEmpty ? ["IDENTIFIER", ")"] : ["IDENTIFIER"])
            }
            names.append(advance().text)
        } while skip(",")
        guard skip(")") else { throw unexpected([",", ")"]) }
        return names
    }

    private mutating func operand() throws(LogQLError) -> MetricExpression {
        switch token.kind {
        case .number: return .literal(try number())
        case .sign where token.text == "(":
            advance()
            let inner = try metric()
            guard skip(")") else { throw unexpected() }
            return inner
        case .sign where token.text == "-" || token.text == "+":
            guard following.kind == .number else {
                advance()
                throw unexpected(["NUMBER"])
            }
            return .literal(try number())
        case .sign where token.text == "{": try refuseLines(behind: nil)
        case .identifier where token.isCall: return try call()
        default: throw unexpected()
        }
    }

    private mutating func call() throws(LogQLError) -> MetricExpression {
        let name = token.text
        if let function = RangeFunction(rawValue: name) { return .range(try rangeAggregation(function)) }
        if let operation = VectorAggregation.Operation(rawValue: name) { return try aggregation(operation) }
        switch name {
        case "vector":
            advance()
            try expect("(")
            let value = try number()
            try expect(")")
            return .vector(value)
        case "label_replace": return try labelReplace()
        default: throw unexpected()
        }
    }

    private mutating func grouping() throws(LogQLError) -> Grouping? {
        guard token.isSign("by") || token.isSign("without") else { return nil }
        let isWithout = advance().text == "without"
        return Grouping(isWithout: isWithout, names: try names())
    }

    // MARK: range aggregations

    private mutating func rangeAggregation(_ function: RangeFunction) throws(LogQLError) -> RangeAggregation {
        let start = advance()
        try expect("(")
        var parameter: Double?
        if token.kind == .number || token.isSign("-") || token.isSign("+") {
            guard function == .quantile else {
                throw failure("parameter \(token.text) not supported for operation \(function.rawValue)", at: start)
            }
            parameter = try number()
            guard skip(",") else { throw unexpected([","]) }
        } else if !token.isSign("{"), !token.isSign("(") {
            throw unexpected(["NUMBER", "{", "("])
        } else if function == .quantile {
            throw failure("parameter required for operation quantile_over_time", at: start)
        }
        var aggregation = try logRange(function)
        if aggregation.rangeNs == 0, token.isSign(")") { throw unexpected() }
        aggregation.parameter = parameter
        guard skip(")") else {
            throw unexpected(aggregation.rangeNs != 0 ? [")"] : aggregation.unwrap == nil ? [] : ["RANGE", "|"])
        }
        aggregation.grouping = try grouping()
        try check(aggregation, at: start)
        return aggregation
    }

    private func check(_ aggregation: RangeAggregation, at token: Token) throws(LogQLError) {
        let function = aggregation.function
        if aggregation.grouping != nil, !function.takesGrouping {
            throw failure("grouping not allowed for \(function.rawValue) aggregation", at: token)
        }
        if aggregation.unwrap == nil, function.needsUnwrap {
            throw failure("invalid aggregation \(function.rawValue) without unwrap", at: token)
        }
        if aggregation.unwrap != nil, !function.takesUnwrap {
            throw failure("invalid aggregation \(function.rawValue) with unwrap", at: token)
        }
    }

    /// A selector with its stages and a range among them, in any of Loki's orders.
    private mutating func logRange(_ function: RangeFunction) throws(LogQLError) -> RangeAggregation {
        if skip("(") {
            var inner = try nested { (parser) throws(LogQLError) in try parser.logRange(function) }
            try expect(")")
            try rangeTail(&inner)
            return inner
        }
        var aggregation = RangeAggregation(
            function: function, selector: LogSelector(matchers: try rangeMatchers(), stages: []), rangeNs: 0)
        try rangeTail(&aggregation)
        return aggregation
    }

    private mutating func rangeMatchers() throws(LogQLError) -> [Matcher] {
        guard token.isSign("{") else { throw unexpected(["{", "("]) }
        return try matchers()
    }

    /// Stages, an `unwrap`, a range with its offset, each where it is allowed. At the end of the outermost a range is
    /// there.
    private mutating func rangeTail(_ aggregation: inout RangeAggregation) throws(LogQLError) {
        while true {
            if token.kind == .range {
                if aggregation.rangeNs != 0 { throw unexpected([")"]) }
                aggregation.rangeNs = QueryDuration.nanoseconds(advance().text) ?? 0
                if skip("offset") { aggregation.offsetNs = try offset() }
            } else if token.isSign("|"), following.isSign("unwrap") {
                advance()
                if aggregation.unwrap != nil { throw unexpected(["IDENTIFIER", "("]) }
                advance()
                aggregation.unwrap = try unwrap()
            } else if aggregation.unwrap != nil, token.isSign("|") {
                advance()
                aggregation.unwrap?.filters.append(LabelFilterStage(predicate: try predicate()))
            } else if token.isSign("|") || LineFilterStage.keywords.contains(token.text), token.kind == .sign {
                if aggregation.unwrap != nil { throw unexpected(["RANGE", "|"]) }
                aggregation.selector.stages += try stages()
            } else {
                break
            }
        }
        if token.isSign(")") && aggregation.rangeNs == 0 && !isInner { throw unexpected() }
    }

    /// Whether the parenthesis that comes closes one around the selector, behind which the range may still come.
    private var isInner: Bool { following.kind == .range || following.isSign("|") || following.isSign(")") }

    private mutating func offset() throws(LogQLError) -> Int64 {
        let isNegative = skip("-")
        guard token.kind == .duration, let ns = QueryDuration.nanoseconds(token.text) else {
            throw unexpected(["DURATION"])
        }
        advance()
        return isNegative ? -ns : ns
    }

    private mutating func unwrap() throws(LogQLError) -> Unwrap {
        guard token.kind == .identifier else {
            throw unexpected(["IDENTIFIER", "BYTES_CONV", "DURATION_CONV", "DURATION_SECONDS_CONV"])
        }
        let name = advance().text
        guard token.isSign("(") else { return Unwrap(label: .init(name), conversion: .none) }
        guard let conversion = Unwrap.Conversion(rawValue: name), conversion != .none else {
            throw unexpected(["RANGE", "|"])
        }
        advance()
        let label = try identifier()
        try expect(")")
        return Unwrap(label: .init(label), conversion: conversion)
    }

    // MARK: vector aggregations

    private mutating func aggregation(_ operation: VectorAggregation.Operation) throws(LogQLError) -> MetricExpression {
        let start = advance()
        var grouping = try grouping()
        guard skip("(") else { throw unexpected(["("]) }
        var parameter: Int?
        if operation.takesParameter, token.kind == .number || token.isSign("-") {
            let literal = token
            let value = try number()
            if token.isSign(")") { throw failure("parameter required for operation \(operation.rawValue)", at: start) }
            if literal.isSign("-") || !token.isSign(",") { throw unexpected() }
            guard let count = Int(exactly: value) else {
                throw failure("invalid parameter \(operation.rawValue)(\(literal.text),", at: start)
            }
            guard count > 0 else {
                throw failure("invalid parameter (must be greater than 0) \(operation.rawValue)(\(count)", at: start)
            }
            parameter = count
            try expect(",")
        } else if operation.takesParameter {
            if token.kind == .string || token.kind == .identifier && !token.isCall { throw unexpected() }
            throw failure("parameter required for operation \(operation.rawValue)", at: start)
        } else if token.kind == .number, following.isSign(",") {
            throw failure("unsupported parameter for operation \(operation.rawValue)(\(token.text),", at: start)
        }
        let inner = try metric()
        guard skip(")") else { throw unexpected() }
        if grouping == nil { grouping = try self.grouping() }
        if grouping != nil, operation == .approxTopk || operation.isSort {
            throw failure(
                operation.isSort
                    ? "sort and sort_desc doesn't allow grouping by "
                    : "grouping not allowed for \(operation.rawValue) aggregation", at: start)
        }
        return .aggregation(
            VectorAggregation(operation: operation, parameter: parameter, grouping: grouping, inner: inner))
    }

    private mutating func labelReplace() throws(LogQLError) -> MetricExpression {
        advance()
        try expect("(")
        let inner = try metric()
        var texts: [String] = []
        var last = token
        for _ in 0..<4 {
            guard skip(",") else { throw unexpected(texts.isEmpty ? [] : [","]) }
            last = token
            texts.append(try string())
        }
        try expect(")")
        let rule: LabelReplacementRule
        do throws(RegularExpressionError) {
            _ = try RegularExpression("^(?:\(texts[3]))$")
            rule = try LabelReplacementRule(pattern: texts[3], replacement: texts[1])
        } catch {
            throw failure("invalid regex in label_replace: \(Self.fault(error))", at: last)
        }
        return .labelReplace(
            LabelReplacement(
                inner: inner, target: texts[0], replacement: texts[1], source: texts[2], pattern: texts[3],
                compiled: rule))
    }
}

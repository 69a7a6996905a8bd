import Model
import PromQL
import Text

/// What the values of an expression count, as far as the names in it tell: `rate(x_bytes_total[5m])` is bytes a second.
enum UnitGuess {
    /// `none` wherever the answer is not plain, and for a text that is no PromQL.
    static func unit(of text: String) -> ValueUnit {
        guard let expression = try? Parser.parse(text) else { return .none }  // then there is nothing to guess from
        return unit(of: expression)
    }

    private static func unit(of expression: Expression) -> ValueUnit {
        switch expression {
        case .number, .string: .none
        case .selector(let selector): unit(of: selector)
        case .range(let range): unit(of: range.selector)
        case .subquery(let subquery): unit(of: subquery.expression)
        case .paren(let inner): unit(of: inner.expression)
        case .unary(let operation): unit(of: operation.expression)
        case .aggregation(let aggregation): unit(of: aggregation)
        case .call(let call): unit(of: call)
        case .binary(let operation): unit(of: operation)
        }
    }

    private static func unit(of selector: VectorSelector) -> ValueUnit {
        let name = selector.matchers.first { $0.name == "__name__" && $0.operation == .equal }?.value
        guard let name, !name.hasSuffix("_bucket"), !name.hasSuffix("_count") else { return .none }
        return ValueUnit(metric: name)
    }

    private static func unit(of aggregation: Aggregation) -> ValueUnit {
        switch aggregation.operation {
        case .count, .countValues, .group, .stdvar: .none
        default: unit(of: aggregation.expression)
        }
    }

    private static func unit(of call: Call) -> ValueUnit {
        guard let argument = call.arguments.first(where: { $0.type == .vector || $0.type == .matrix }) else {
            return .none
        }
        switch call.function.name {
        case "rate", "irate", "deriv": return unit(of: argument).perSecond
        case "histogram_quantile": return bucketUnit(of: argument)
        case "histogram_avg", "histogram_sum", "histogram_stddev": return unit(of: argument)
        case "increase", "delta", "idelta", "abs", "ceil", "floor", "round", "clamp", "clamp_max", "clamp_min", "sort",
            "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "avg_over_time",
            "min_over_time", "max_over_time", "sum_over_time", "last_over_time", "first_over_time",
            "quantile_over_time", "stddev_over_time", "mad_over_time", "predict_linear", "scalar", "vector":
            return unit(of: argument)
        default: return .none
        }
    }

    /// The bounds of buckets have the unit of the histogram, whatever was done to their counts.
    private static func bucketUnit(of expression: Expression) -> ValueUnit {
        if case .selector(let selector) = expression {
            let name = selector.matchers.first { $0.name == "__name__" && $0.operation == .equal }?.value
            return ValueUnit(metric: name ?? "")
        }
        return expression.children.lazy.map(bucketUnit).first { $0 != .none } ?? .none
    }

    private static func unit(of operation: BinaryOperation) -> ValueUnit {
        let (left, right) = (unit(of: operation.left), unit(of: operation.right))
        switch operation.operation.rawValue {
        case "+", "-": return left == right || operation.right.type == .scalar ? left : .none
        case "*", "/", "%", "^", "atan2": return .none
        case "and", "or", "unless": return left
        default: return operation.returnsBool ? .none : left
        }
    }
}

import Encoding
package import Model

/// Queries in their canonical form.
package enum QueryText {
    static func quoted(_ text: String) -> String { Quoted.text(text) }

    static func matcher(_ matcher: Matcher) -> String { "\(matcher)" }

    package static func text(_ query: LogQuery) -> String {
        switch query {
        case .lines(let selector): text(selector)
        case .metric(let metric): text(metric)
        }
    }

    /// Over several lines where it is long.
    package static func pretty(_ query: LogQuery) -> String {
        let short = text(query)
        guard short.count > widthMax else { return short }
        switch query {
        case .lines(let selector): return pretty(selector, "")
        case .metric(let metric): return pretty(metric, "")
        }
    }

    /// What still stands on one line.
    private static let widthMax = 100

    package static func text(matchers: [Matcher]) -> String {
        "{" + matchers.map(matcher).joined(separator: ", ") + "}"
    }

    static func text(_ selector: LogSelector) -> String {
        ([text(matchers: selector.matchers)] + selector.stages.map(written)).joined(separator: " ")
    }

    private static func written(_ stage: any Stage) -> String {
        stage is LineFilterStage ? stage.text : "| " + stage.text
    }

    private static func pretty(_ selector: LogSelector, _ indent: String) -> String {
        ([indent + text(matchers: selector.matchers)] + selector.stages.map { indent + "  " + written($0) })
            .joined(separator: "\n")
    }

    static func text(_ grouping: Grouping) -> String {
        (grouping.isWithout ? "without" : "by") + " (" + grouping.names.joined(separator: ",") + ")"
    }

    private static func number(_ value: Double) -> String { FloatText.plain(value) }

    /// What no number can be written for comes of a calculation alone. To divide by zero gives NaN whatever is divided.
    private static func calculation(_ value: Double) -> String {
        value.isNaN ? "(0 / 0)" : value > 0 ? "(10 ^ 309)" : "(-10 ^ 309)"
    }

    package static func text(_ expression: MetricExpression) -> String {
        switch expression {
        case .literal(let value): value.isFinite ? number(value) : calculation(value)
        case .vector(let value): "vector(\(number(value)))"
        case .range(let range): text(range)
        case .aggregation(let aggregation):
            aggregation.operation.rawValue + (aggregation.grouping.map { " " + text($0) + " " } ?? "")
                + "(\(aggregation.parameter.map { "\($0)," } ?? "")\(text(aggregation.inner)))"
        case .binary(let binary): "(\(text(binary.left)) \(sign(binary)) \(text(binary.right)))"
        case .labelReplace(let replacement):
            "label_replace(\(text(replacement.inner)),\(quoted(replacement.target)),\(quoted(replacement.replacement)),"
                + "\(quoted(replacement.source)),\(quoted(replacement.pattern)))"
        }
    }

    private static func sign(_ binary: BinaryOperation) -> String {
        var text = binary.operation.rawValue + (binary.returnsBool ? " bool" : "")
        let matching = binary.matching
        guard matching.isWritten else { return text }
        text += (matching.isOn ? " on " : " ignoring ") + "(\(matching.labels.joined(separator: ",")))"
        switch matching.cardinality {
        case .oneToOne: break
        case .manyToOne: text += " group_left (\(matching.included.joined(separator: ",")))"
        case .oneToMany: text += " group_right (\(matching.included.joined(separator: ",")))"
        }
        return text
    }

    private static func unwrap(_ unwrap: Unwrap) -> String {
        let label = unwrap.label.text
        let value = unwrap.conversion == .none ? label : "\(unwrap.conversion.rawValue)(\(label))"
        return (["| unwrap \(value)"] + unwrap.filters.map { "| " + $0.text }).joined(separator: " ")
    }

    private static func window(_ range: RangeAggregation) -> String {
        "[\(duration(range.rangeNs))]" + (range.offsetNs == 0 ? "" : " offset \(duration(range.offsetNs))")
    }

    static func text(_ range: RangeAggregation) -> String {
        let inside = [text(range.selector), range.unwrap.map(unwrap), window(range)].compactMap { $0 }
        return range.function.rawValue + "(\(range.parameter.map { number($0) + "," } ?? "")"
            + inside.joined(separator: " ") + ")" + (range.grouping.map { " " + text($0) } ?? "")
    }

    /// The shortest form that reads back as the same.
    static func duration(_ ns: Int64) -> String {
        if ns < 0 { return "-" + duration(-ns) }
        var rest = ns
        var written = ""
        for (name, length) in [
            ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
        ] as [(String, Int64)] {
            if rest >= length {
                written += "\(rest / length)\(name)"
                rest %= length
            }
        }
        if rest > 0 || written.isEmpty { written += "\(rest)ns" }
        return written
    }

    private static func pretty(_ expression: MetricExpression, _ indent: String) -> String {
        let short = text(expression)
        if indent.count + short.count <= widthMax { return indent + short }
        let deeper = indent + "  "
        switch expression {
        case .literal, .vector: return indent + short
        case .range(let range):
            let tail = [range.unwrap.map { deeper + "  " + unwrap($0) }, deeper + "  " + window(range)].compactMap {
                $0
            }
            let parameter = range.parameter.map { deeper + number($0) + ",\n" } ?? ""
            return indent + range.function.rawValue + "(\n" + parameter
                + ([pretty(range.selector, deeper)] + tail).joined(separator: "\n") + "\n" + indent + ")"
                + (range.grouping.map { " " + text($0) } ?? "")
        case .aggregation(let aggregation):
            let head = aggregation.operation.rawValue + (aggregation.grouping.map { " " + text($0) + " " } ?? "")
            let parameter = aggregation.parameter.map { "\(deeper)\($0),\n" } ?? ""
            return "\(indent)\(head)(\n\(parameter)\(pretty(aggregation.inner, deeper))\n\(indent))"
        case .binary(let binary):
            return "\(indent)(\n\(pretty(binary.left, deeper))\n\(indent)\(sign(binary))\n"
                + "\(pretty(binary.right, deeper))\n\(indent))"
        case .labelReplace(let replacement):
            return
                "\(indent)label_replace(\n\(pretty(replacement.inner, deeper)),\n\(deeper)\(quoted(replacement.target)),\n"
                + "\(deeper)\(quoted(replacement.replacement)),\n\(deeper)\(quoted(replacement.source)),\n"
                + "\(deeper)\(quoted(replacement.pattern))\n\(indent))"
        }
    }
}

import TestSupport

/// A query that was made piece by piece, so that it can be evaluated without its text.
struct GeneratedQuery {
    enum Stage {
        case contains(String, isNegative: Bool)
        case anyOf([String], isRegex: Bool, isNegative: Bool)
        /// Letters in either case; the needle has lower-case ones.
        case folded(String, isNegative: Bool)
        case json, logfmt
        case text(String, String, String)
        case number(String, String, Double)
        case either(String, String, String, Double)
        case among(String, [String])
        case lineFormat([String])
        case line(String)
        case rename(String, String)
        case set(String, String)
        case setEmpty(String)
        case drop([String])
        case keep([String])
        case noError

        var text: String {
            switch self {
            case .contains(let needle, let isNegative): "\(isNegative ? "!=" : "|=") \"\(needle)\""
            case .anyOf(let needles, true, let isNegative):
                "\(isNegative ? "!~" : "|~") \"\(needles.joined(separator: "|"))\""
            case .anyOf(let needles, false, let isNegative):
                "\(isNegative ? "!=" : "|=") \(needles.map { "\"\($0)\"" }.joined(separator: " or "))"
            case .folded(let needle, let isNegative): "\(isNegative ? "!~" : "|~") \"(?i)\(needle)\""
            case .json: "| json"
            case .logfmt: "| logfmt"
            case .text(let name, let sign, let value): "| \(name) \(sign) \"\(value)\""
            case .number(let name, let sign, let value): "| \(name) \(sign) \(value)"
            case .either(let name, let value, let other, let number): "| \(name) = \"\(value)\" or \(other) > \(number)"
            case .among(let name, let values): "| \(name) =~ \"\(values.joined(separator: "|"))\""
            case .line(let name): "| line_format \"{{.\(name)}}\""
            case .setEmpty(let name): "| label_format \(name)=\"\""
            case .lineFormat(let names): "| line_format \"\(names.map { "<{{.\($0)}}>" }.joined())\""
            case .rename(let new, let old): "| label_format \(new)=\(old)"
            case .set(let new, let old): "| label_format \(new)=\"[{{.\(old)}}]\""
            case .drop(let names): "| drop \(names.joined(separator: ","))"
            case .keep(let names): "| keep \(names.joined(separator: ","))"
            case .noError: "| __error__=\"\""
            }
        }
    }

    struct Grouping {
        var isWithout: Bool
        var names: [String]
        var text: String { "\(isWithout ? "without" : "by") (\(names.joined(separator: ",")))" }
    }

    var app: String
    var stages: [Stage] = []
    /// Empty for a query of lines.
    var function = ""
    var unwrap: String?
    var rangeSeconds = 60
    var grouping: Grouping?
    /// An aggregation around it.
    var outer: (operation: String, grouping: Grouping?)?
    var plus: Double?
    static let quantile = 0.7

    var selector: String { (["{app=~\"\(app)\"}"] + stages.map(\.text)).joined(separator: " ") }

    var text: String {
        if function.isEmpty { return selector }
        var inside = selector + (unwrap.map { " | unwrap \($0)" } ?? "") + " [\(rangeSeconds)s]"
        if function == "quantile_over_time" { inside = "\(Self.quantile), " + inside }
        var text = "\(function)(\(inside))" + (grouping.map { " " + $0.text } ?? "")
        if let outer {
            let parameter = outer.operation == "topk" ? "2, " : ""
            text = "\(outer.operation) \(outer.grouping?.text ?? "") (\(parameter)\(text))"
        }
        return plus.map { "\(text) + \($0)" } ?? text
    }

    private static let names = GeneratedLogs.fieldNames + ["trace", "absent"]
    private static let needles = ["error", "50", "a", "level", "zzz", "/b/1"]

    static func random(_ random: inout SeededGenerator) -> GeneratedQuery {
        var query = GeneratedQuery(app: GeneratedLogs.one(of: ["a", "a|b", ".+"], &random))
        if Bool.random(using: &random) { query.stages.append(lineFilter(&random)) }
        if Int.random(in: 0..<4, using: &random) > 0 {
            query.stages.append(Bool.random(using: &random) ? .json : .logfmt)
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) { query.stages.append(labelStage(&random)) }
        if Bool.random(using: &random) { query.stages.append(.noError) }
        if Int.random(in: 0..<8, using: &random) == 0 {
            query.stages.append(.lineFormat([name(&random), name(&random)]))
        }
        if Int.random(in: 0..<4, using: &random) > 0 { query.makeMetric(&random) }
        return query
    }

    private static func name(_ random: inout SeededGenerator) -> String { GeneratedLogs.one(of: names, &random) }

    private static func lineFilter(_ random: inout SeededGenerator) -> Stage {
        let isNegative = Bool.random(using: &random)
        if Bool.random(using: &random) {
            return .contains(GeneratedLogs.one(of: needles, &random), isNegative: isNegative)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            return .folded(GeneratedLogs.one(of: needles, &random), isNegative: isNegative)
        }
        let two = Array(needles.shuffled(using: &random).prefix(2))
        return .anyOf(two, isRegex: Bool.random(using: &random), isNegative: isNegative)
    }

    private static func labelStage(_ random: inout SeededGenerator) -> Stage {
        let (first, second) = (name(&random), name(&random))
        switch Int.random(in: 0..<11, using: &random) {
        case 0, 1:
            let value = GeneratedLogs.one(of: ["error", "a", "eu", "", "200"], &random)
            return .text(first, GeneratedLogs.one(of: ["=", "!="], &random), value)
        case 2, 3:
            let number = GeneratedLogs.one(of: [200.0, 404, 0], &random)
            return .number(first, GeneratedLogs.one(of: [">=", "<", "==", "!="], &random), number)
        case 4: return .either(first, "error", second, 300)
        case 5: return .rename("renamed", first)
        case 6: return .set("made", first)
        case 7: return Bool.random(using: &random) ? .drop([first, second]) : .keep([first, "app"])
        case 8: return .among(first, ["error", "a", "404"])
        case 9: return .line(first)
        default: return .noError
        }
    }

    private mutating func makeMetric(_ random: inout SeededGenerator) {
        rangeSeconds = GeneratedLogs.one(of: [30, 60, 130], &random)
        if Bool.random(using: &random) {
            function = GeneratedLogs.one(of: ["count_over_time", "rate", "bytes_over_time", "bytes_rate"], &random)
        } else {
            let grouped = ["avg_over_time", "min_over_time", "max_over_time", "quantile_over_time", "first_over_time"]
            function = GeneratedLogs.one(
                of: grouped + ["sum_over_time", "last_over_time", "stddev_over_time", "rate"], &random)
            unwrap = "status"
            if grouped.contains(function), Bool.random(using: &random) { grouping = Self.grouping(&random) }
        }
        if Bool.random(using: &random) {
            let inner = Bool.random(using: &random) ? Self.grouping(&random) : nil
            outer = (GeneratedLogs.one(of: ["sum", "max", "min", "avg", "count", "topk"], &random), inner)
        }
        if Int.random(in: 0..<4, using: &random) == 0 { plus = 1 }
    }

    private static func grouping(_ random: inout SeededGenerator) -> Grouping {
        let all = [name(&random), name(&random)]
        return Grouping(isWithout: Int.random(in: 0..<3, using: &random) == 0, names: Set(all).sorted())
    }
}

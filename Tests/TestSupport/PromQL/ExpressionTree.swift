/// Random expressions over all of the language that obs understands, what only Prometheus 3.x or obs has included, about
/// the series of `OddSeries`. Driven by any source of numbers: a seeded generator in tests, the input in a fuzzer.
package struct ExpressionTree<Source: RandomNumberGenerator> {
    /// What an expression may hold beside the plain language.
    package struct Parts: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// `anchored` and `smoothed`.
        package static var edges: Parts { Parts(rawValue: 1) }
        /// `</` and `>/`.
        package static var trims: Parts { Parts(rawValue: 2) }
        /// Series of native histograms.
        package static var histograms: Parts { Parts(rawValue: 4) }
        package static var info: Parts { Parts(rawValue: 8) }
        /// Choices such as topk of more than a selector: which of equals is chosen is nobody's promise.
        package static var openChoices: Parts { Parts(rawValue: 16) }
        package static var all: Parts { [.edges, .trims, .histograms, .info, .openChoices] }
    }

    package private(set) var source: Source
    private let parts: Parts

    package init(_ source: Source, parts: Parts = .all) {
        self.source = source
        self.parts = parts
    }

    package mutating func number(below limit: Int) -> Int { Int(source.next() % UInt64(limit)) }

    private mutating func pick(_ texts: [String]) -> String { texts[number(below: texts.count)] }

    private mutating func chance(_ percent: Int) -> Bool { number(below: 100) < percent }

    /// An expression nested at most so deep.
    package mutating func expression(depth: Int = 3) -> String {
        chance(8) ? scalar(depth - 1) : vector(depth)
    }

    // Selectors

    private mutating func selector() -> String {
        var metrics = [
            "requests_total", "requests_total", "temperature", "odd", "latency_bucket", "build_info", "idle",
        ]
        if parts.contains(.histograms) { metrics += ["native", "native", "custom", "mixed", "drifting"] }
        var matchers: [String] = []
        if chance(40) {
            matchers.append(
                pick([
                    "job=\"api\"", "job=~\"a.*|web\"", "job!=\"web\"", "job!~\"x.*\"", "\"job\"=\"web\"", "nope=\"\"",
                ]))
        }
        if chance(20) { matchers.append(pick(["instance=\"1\"", "instance=~\"[01]\"", "instance!=\"2\""])) }
        if chance(5) { return "{__name__=~\"requests_total|temperature\"\(matchers.isEmpty ? "" : ",\(matchers[0])")}" }
        let metric = pick(metrics)
        if chance(5) { return "{\"\(metric)\"}" }
        return matchers.isEmpty ? metric : "\(metric){\(matchers.joined(separator: ","))}"
    }

    private mutating func modifiers() -> String {
        var text = ""
        if chance(15) { text += " offset \(pick(["1m", "-2m", "7m", "30s", "(30 * 2)", "-step()"]))" }
        if chance(8) { text += pick([" @ 1700000017", " @ 1700001000.5", " @ start()", " @ end()"]) }
        return text
    }

    private mutating func duration() -> String {
        pick(["1m", "2m", "5m", "17m", "45s", "1m30s", "(2m + 30)", "90", "min_of(2m, 3m)", "step() + 1m"])
    }

    private mutating func subquery(_ inner: String) -> String {
        "(\(inner))[\(pick(["5m", "10m", "3m"])):\(pick(["30s", "1m", "", "20s", "50s"]))]\(modifiers())"
    }

    private mutating func matrix(_ depth: Int) -> String {
        if depth > 0, chance(25) { return subquery(vector(depth - 1)) }
        return "\(selector())[\(duration())]\(modifiers())"
    }

    // Scalars

    private mutating func scalar(_ depth: Int) -> String {
        if depth <= 0 {
            return pick([
                "1", "0.5", "-3", "100", "2e3", "time()", "pi()", "NaN", "Inf", "-Inf", "0x1f", "1_000", "0", "start()",
                "end()", "step()", "range()", "5m",
            ])
        }
        switch number(below: 6) {
        case 0: return "scalar(\(vector(depth - 1)))"
        case 1:
            return
                "(\(scalar(depth - 1)) \(pick(["+", "-", "*", "/", "%", "^", "atan2"])) \(scalar(depth - 1)))"
        case 2: return "(\(scalar(depth - 1)) \(pick(["==", "!=", ">", "<=", "<", ">="])) bool \(scalar(depth - 1)))"
        case 3: return "-\(scalar(0))"
        default: return scalar(0)
        }
    }

    // Vectors

    private mutating func vector(_ depth: Int) -> String {
        if depth <= 0 { return selector() + modifiers() }
        switch number(below: 15) {
        case 0: return selector() + modifiers()
        case 1, 2: return rate()
        case 3: return overTime(depth)
        case 4: return mapping(depth)
        case 5, 6: return aggregation(depth)
        case 7: return withScalar(depth)
        case 8, 9: return matched(depth)
        case 10:
            return
                "(\(vector(depth - 1)) \(pick(["and", "or", "unless"]))\(pick(["", " on(job)", " ignoring(instance)", " on()"])) \(vector(depth - 1)))"
        case 11: return special(depth)
        case 12: return histogramFunction(depth)
        case 13: return "-\(vector(depth - 1))"
        default: return "(\(vector(depth - 1)))"
        }
    }

    private mutating func rate() -> String {
        let function = pick(["rate", "increase", "delta"])
        let edge = parts.contains(.edges) && chance(20) ? pick([" anchored", " smoothed"]) : ""
        return "\(function)(\(selector())[\(duration())]\(edge)\(modifiers()))"
    }

    private mutating func overTime(_ depth: Int) -> String {
        switch number(below: 8) {
        case 0: return "quantile_over_time(\(scalar(0)), \(matrix(depth - 1)))"
        case 1: return "predict_linear(\(matrix(depth - 1)), \(scalar(0)))"
        case 2: return "double_exponential_smoothing(\(matrix(depth - 1)), 0.3, \(pick(["0.5", "0.9", "1.5"])))"
        default:
            let function = pick([
                "irate", "idelta", "changes", "resets", "deriv", "avg_over_time", "min_over_time", "max_over_time",
                "sum_over_time", "count_over_time", "last_over_time", "first_over_time", "present_over_time",
                "stddev_over_time", "stdvar_over_time", "mad_over_time", "absent_over_time", "ts_of_min_over_time",
                "ts_of_max_over_time", "ts_of_first_over_time", "ts_of_last_over_time",
            ])
            return "\(function)(\(matrix(depth - 1)))"
        }
    }

    private mutating func mapping(_ depth: Int) -> String {
        let function = pick([
            "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan",
            "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sgn", "deg", "rad", "minute", "hour", "day_of_week",
            "day_of_month", "day_of_year", "days_in_month", "month", "year", "timestamp", "sort", "sort_desc", "absent",
        ])
        return "\(function)(\(vector(depth - 1)))"
    }

    private mutating func withScalar(_ depth: Int) -> String {
        var operations = ["+", "-", "*", "/", "%", "^", ">", "<", "==", "!=", ">= bool", "atan2"]
        if parts.contains(.trims) { operations += ["</", ">/"] }
        let operation = pick(operations)
        if chance(30), operation != "</", operation != ">/" {
            return "(\(scalar(1)) \(operation) \(vector(depth - 1)))"
        }
        return "(\(vector(depth - 1)) \(operation) \(scalar(1)))"
    }

    private mutating func grouping() -> String {
        pick([
            "", " by (job)", " by (instance)", " without (code)", " by (job, code)", " without (instance, le)",
            " by (nope)", " by (__name__)", " by (le)",
        ])
    }

    private mutating func aggregation(_ depth: Int) -> String {
        let input = vector(depth - 1)
        let chosen = parts.contains(.openChoices) ? input : selector()
        switch number(below: 12) {
        case 0: return "quantile\(grouping()) (\(scalar(0)), \(input))"
        case 1: return "topk\(grouping()) (\(pick(["1", "2", "5", "0", "-1"])), \(chosen))"
        case 2: return "bottomk\(grouping()) (\(pick(["1", "3"])), \(chosen))"
        case 3: return "\(pick(["stddev", "stdvar"]))\(grouping()) (\(input))"
        case 4: return "count_values\(grouping()) (\"v\", round(\(input)))"
        case 5: return "limitk\(grouping()) (\(pick(["1", "3"])), \(chosen))"
        case 6: return "limit_ratio\(grouping()) (\(pick(["0.5", "-0.5", "1", "0.1"])), \(chosen))"
        default: return "\(pick(["sum", "avg", "min", "max", "count", "group"]))\(grouping()) (\(input))"
        }
    }

    private mutating func matched(_ depth: Int) -> String {
        let operation = pick(["+", "-", "*", "/", ">", "<= bool", "^", "%", "==", "atan2"])
        let fill = chance(20) ? pick([" fill(0)", " fill_left(1)", " fill_right(-1)", " fill(NaN)"]) : ""
        switch number(below: 6) {
        case 0: return "(temperature \(operation) on(job, instance)\(fill) odd)"
        case 1: return "(requests_total \(operation) on(job, instance) group_left()\(fill) temperature)"
        case 2: return "(requests_total * on(job, instance) group_left(version) build_info)"
        case 3: return "(build_info \(operation) on(job) group_right(version) requests_total)"
        case 4: return "(\(vector(depth - 1)) \(operation) \(pick(["", "ignoring(code) "]))\(vector(depth - 1)))"
        default: return "(\(aggregation(depth - 1)) \(operation)\(fill) \(aggregation(depth - 1)))"
        }
    }

    private mutating func special(_ depth: Int) -> String {
        let input = vector(depth - 1)
        switch number(below: 9) {
        case 0: return "clamp(\(input), \(scalar(0)), 1000)"
        case 1: return "\(pick(["clamp_min", "clamp_max"]))(\(input), \(scalar(0)))"
        case 2: return "round(\(input), \(pick(["0.1", "1", "5", "0"])))"
        case 3: return "label_replace(\(input), \"new\", \"$1-x\", \"instance\", \"(.*)\")"
        case 4: return "label_replace(\(input), \"job\", \"all\", \"\", \"\")"
        case 5: return "label_join(\(input), \"joined\", \"/\", \"job\", \"instance\")"
        case 6: return "vector(\(scalar(1)))"
        case 7: return parts.contains(.info) ? "info(\(input))" : "sort_by_label(\(input), \"job\")"
        default: return "sort_by_label_desc(\(input), \"instance\")"
        }
    }

    private mutating func histogramFunction(_ depth: Int) -> String {
        if !parts.contains(.histograms) || chance(40) {
            return
                "histogram_quantile(\(pick(["0.5", "0.9", "0.99", "NaN", "2"])), \(pick(["rate(latency_bucket[5m])", "latency_bucket", "sum by (le, job) (rate(latency_bucket[2m]))"])))"
        }
        let input = chance(50) ? pick(["native", "custom", "rate(native[5m])", "sum(native)"]) : vector(depth - 1)
        switch number(below: 5) {
        case 0: return "histogram_quantile(\(pick(["0.5", "0.1", "0.99"])), \(input))"
        case 1: return "histogram_fraction(\(pick(["0", "-Inf", "1"])), \(pick(["2", "+Inf"])), \(input))"
        default:
            return
                "\(pick(["histogram_count", "histogram_sum", "histogram_avg", "histogram_stddev", "histogram_stdvar"]))(\(input))"
        }
    }
}

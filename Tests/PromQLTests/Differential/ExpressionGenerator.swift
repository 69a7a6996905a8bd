import TestSupport

/// Random expressions of the language that Prometheus 2.42 and 3.x both have, nested a few levels deep.
///
/// Left out is what they answer differently by design: subqueries whose start falls on their steps, series that only
/// their name tells apart, ties of topk, rates of series near zero, the metric name of a result of atan2,
/// deviations of what is not finite.
struct ExpressionGenerator {
    private var generator: SeededGenerator

    init(_ generator: SeededGenerator) { self.generator = generator }

    mutating func number(below limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    private mutating func chance(_ percent: Int) -> Bool { number(below: 100) < percent }

    mutating func expression() -> String {
        chance(3) ? histograms() : chance(8) ? scalar(2) : vector(3)
    }

    private static let metrics = [
        "requests_total", "temperature", "size_bytes", "build_info", "latency_bucket", "odd",
    ]

    private mutating func selector() -> String {
        let metric = pick(Self.metrics)
        var matchers: [String] = []
        if chance(40) { matchers.append(pick(["job=\"api\"", "job=~\"a.*|web\"", "job!=\"web\"", "job!~\"x.*\""])) }
        if chance(25) { matchers.append(pick(["instance=\"host-1\"", "instance=~\"host-[01]\"", "nope=\"\""])) }
        return matchers.isEmpty ? metric : "\(metric){\(matchers.joined(separator: ","))}"
    }

    private mutating func modifiers() -> String {
        var text = ""
        if chance(15) { text += " offset \(pick(["1m", "-2m", "7m", "30s"]))" }
        if chance(8) { text += pick([" @ 1700000017", " @ start()", " @ end()"]) }
        return text
    }

    private mutating func range() -> String { pick(["1m", "2m", "5m", "17m", "45s"]) }

    private mutating func matrix(_ depth: Int) -> String {
        if depth > 0, chance(20) {
            return "(\(simpleVector(depth - 1)))[\(pick(["5m", "10m"])):\(pick(["30s", "1m", "20s"]))]\(modifiers())"
        }
        return "\(selector())[\(range())]\(modifiers())"
    }

    /// Without a subquery, whose instants would fall on the steps of the one around it.
    private mutating func simpleVector(_ depth: Int) -> String {
        depth == 0 || chance(50) ? selector() : rate()
    }

    /// Of counters far above zero only: near it the versions extrapolate differently.
    private mutating func rate() -> String {
        let metric = pick(["requests_total", "requests_total{job=\"api\"}", "latency_bucket"])
        return "\(pick(["rate", "increase"]))(\(metric)[\(range())]\(modifiers()))"
    }

    private mutating func scalar(_ depth: Int) -> String {
        if depth == 0 { return pick(["1", "0.5", "-3", "100", "2e3", "time()", "pi()"]) }
        switch number(below: 5) {
        case 0: return "scalar(\(aggregation(depth - 1)))"
        case 1: return "(\(scalar(depth - 1)) \(pick(["+", "-", "*", "/", "%", "^"])) \(scalar(depth - 1)))"
        case 2: return "(\(scalar(depth - 1)) \(pick(["==", "!=", ">", "<="])) bool \(scalar(depth - 1)))"
        default: return scalar(0)
        }
    }

    private static let overTime = [
        "delta", "irate", "idelta", "changes", "resets", "deriv", "avg_over_time",
        "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "last_over_time", "present_over_time",
        "stddev_over_time", "absent_over_time",
    ]
    private static let maths = [
        "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sin", "cos", "atan", "sgn", "deg", "rad",
        "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year",
        "timestamp", "sort", "sort_desc", "absent",
    ]

    private mutating func vector(_ depth: Int) -> String {
        if depth == 0 { return selector() + modifiers() }
        switch number(below: 13) {
        case 0: return selector() + modifiers()
        case 1: return rate()
        case 2: return "\(pick(Self.overTime))(\(matrix(depth - 1)))"
        case 3: return "\(pick(Self.maths))(\(vector(depth - 1)))"
        case 4, 5: return aggregation(depth)
        case 6:
            return "(\(vector(depth - 1)) \(pick(["+", "-", "*", "/", "%", "^", ">", "<", "==", "!="])) \(scalar(1)))"
        case 7: return matched(depth)
        case 8:
            return
                "(\(vector(depth - 1)) \(pick(["and", "or", "unless"]))\(pick(["", " on(job)", " on(instance, job)"])) \(vector(depth - 1)))"
        case 9: return special(depth)
        case 10: return "-\(vector(depth - 1))"
        case 11: return native()
        default: return "(\(scalar(1)) \(pick(["+", "*", "> bool", "<"])) \(vector(depth - 1)))"
        }
    }

    private mutating func grouping() -> String {
        pick([
            "", " by (job)", " by (instance)", " without (code)", " by (job, code)", " without (instance, le)",
            " by (nope)",
        ])
    }

    private mutating func aggregation(_ depth: Int) -> String {
        let input = depth > 0 ? vector(depth - 1) : selector()
        switch number(below: 10) {
        case 0: return "quantile\(grouping()) (\(pick(["0.5", "0.9", "0", "1"])), \(input))"
        case 1:
            return
                "topk\(grouping()) (\(pick(["1", "2", "5"])), \(rate()))"
        case 2: return "bottomk\(grouping()) (\(pick(["1", "3"])), temperature)"
        case 3: return "\(pick(["stddev", "stdvar"]))\(grouping()) (\(pick(["temperature", "size_bytes"])))"
        case 4:
            // The label tells every digit, of which powers and exponentials have one more or less in common.
            return "count_values\(grouping()) (\"v\", round(clamp(\(input), -1e6, 1e6)))"
        default:
            return "\(pick(["sum", "avg", "min", "max", "count", "group"]))\(grouping()) (\(input))"
        }
    }

    private mutating func matched(_ depth: Int) -> String {
        let operation = pick(["+", "-", "*", "/", ">", "<= bool"])
        switch number(below: 4) {
        case 0: return "(temperature \(operation) on(job, instance) size_bytes)"
        case 1: return "(requests_total \(operation) on(job, instance) group_left() temperature)"
        case 2: return "(requests_total * on(job, instance) group_left(version) build_info)"
        default: return "(\(aggregation(depth - 1)) \(operation) \(aggregation(depth - 1)))"
        }
    }

    private mutating func nativeSelector() -> String {
        pick(["spread", "spread{job=\"api\"}", "spread{instance=~\"host-[12]\"}"])
    }

    /// Native histograms. 2.42 takes them for zeros in most functions and operators, so they are the whole expression or
    /// below a function that makes floats of them; their quantiles it interpolates differently.
    private mutating func histograms() -> String {
        let raw = nativeSelector() + modifiers()
        let rate = "\(pick(["rate", "increase"]))(\(nativeSelector())[\(range())]\(modifiers()))"
        return pick([
            raw, rate, rate, "sum\(grouping()) (\(raw))", "sum\(grouping()) (\(rate))", "(\(raw) + \(raw))",
            "(\(rate) + \(rate))",
        ])
    }

    private mutating func native() -> String {
        switch number(below: 5) {
        case 0, 1: return "\(pick(["histogram_count", "histogram_sum"]))(\(histograms()))"
        case 2: return "\(pick(["count", "group"]))\(grouping()) (\(histograms()))"
        case 3:
            return "\(pick(["count_over_time", "present_over_time"]))(\(nativeSelector())[\(range())]\(modifiers()))"
        default: return "(histogram_sum(\(histograms())) / histogram_count(\(histograms())))"
        }
    }

    private mutating func special(_ depth: Int) -> String {
        switch number(below: 8) {
        case 0:
            return "histogram_quantile(\(pick(["0.5", "0.9", "0.99"])), rate(latency_bucket[\(pick(["2m", "5m"]))]))"
        case 1: return "histogram_quantile(0.9, sum by (le, job) (rate(latency_bucket[5m])))"
        case 2: return "clamp(\(vector(depth - 1)), \(scalar(0)), 1000)"
        case 3: return "round(\(vector(depth - 1)), \(pick(["0.1", "1", "5"])))"
        case 4: return "label_replace(\(vector(depth - 1)), \"new\", \"$1-x\", \"instance\", \"host-(.*)\")"
        case 5: return "label_join(\(vector(depth - 1)), \"joined\", \"/\", \"job\", \"instance\")"
        case 6: return "predict_linear(\(pick(["temperature", "size_bytes"]))[\(range())], 600)"
        default: return "quantile_over_time(\(pick(["0.1", "0.5", "0.95"])), \(matrix(depth - 1)))"
        }
    }
}

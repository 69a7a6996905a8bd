import Foundation
import Model

@testable import PromQL

/// Functions.
extension NaiveEvaluator {
    func call(_ node: Call, _ timeMs: Int64) throws -> [Element] {
        let name = node.function.name
        if node.arguments.contains(where: { $0.type == .matrix }) { return try overTime(node, timeMs) }
        switch name {
        case "vector":
            return [Element(labels: .empty, point: .float(try scalar(node.arguments[0], timeMs)))]
        case "absent":
            let isPresent = try !vector(node.arguments[0], timeMs).isEmpty
            return isPresent
                ? [] : [Element(labels: AbsentLabels.labels(of: node.arguments[0].unwrapped), point: .float(1))]
        case "timestamp":
            if case .selector(let selector) = node.arguments[0].unwrapped {
                return selected(selector, timeMs, withoutOffset: true).map {
                    Element(labels: $0.labels, dropsName: true, point: .float(Double($0.timeMs) / 1000))
                }
            }
            return try vector(node.arguments[0], timeMs).map {
                Element(labels: $0.labels, dropsName: true, point: .float(Double(timeMs) / 1000))
            }
        case "label_replace", "label_join": return try relabelled(node, timeMs)
        case "sort", "sort_desc": return try vector(node.arguments[0], timeMs).filter { $0.point.float != nil }
        case "sort_by_label", "sort_by_label_desc": return try vector(node.arguments[0], timeMs)
        case "histogram_quantile": return try histogramQuantile(node, timeMs)
        case _ where name.hasPrefix("histogram_"): return try ofHistogram(node, timeMs)
        default: break
        }
        let scalars = try node.arguments.dropFirst().map { try scalar($0, timeMs) }
        return try vector(node.arguments[0], timeMs).compactMap { element in
            guard let value = element.point.float else { return nil }
            guard let result = try Self.mapped(name, value, scalars) else { return nil }
            return Element(labels: element.labels, dropsName: true, point: .float(result))
        }
    }

    private static func mapped(_ name: String, _ value: Double, _ scalars: [Double]) throws -> Double? {
        switch name {
        case "abs": return abs(value)
        case "ceil": return ceil(value)
        case "floor": return floor(value)
        case "exp": return exp(value)
        case "sqrt": return sqrt(value)
        case "ln": return log(value)
        case "log2": return log2(value)
        case "log10": return log10(value)
        case "sin": return sin(value)
        case "cos": return cos(value)
        case "tan": return tan(value)
        case "asin": return asin(value)
        case "acos": return acos(value)
        case "atan": return atan(value)
        case "sinh": return sinh(value)
        case "cosh": return cosh(value)
        case "tanh": return tanh(value)
        case "asinh": return asinh(value)
        case "acosh": return acosh(value)
        case "atanh": return atanh(value)
        case "deg": return value * 180 / .pi
        case "rad": return value * .pi / 180
        case "sgn": return value > 0 ? 1 : value < 0 ? -1 : value
        case "round":
            let inverse = 1 / (scalars.first ?? 1)
            return floor(value * inverse + 0.5) / inverse
        case "clamp":
            if scalars[1] < scalars[0] { return nil }
            return larger(scalars[0], smaller(scalars[1], value))
        case "clamp_min": return larger(scalars[0], value)
        case "clamp_max": return smaller(scalars[0], value)
        default: return try calendar(name, value)
        }
    }

    /// As Go's math.Min and math.Max: NaN unless the other is the infinity that wins anyway.
    private static func smaller(_ a: Double, _ b: Double) -> Double {
        if a == -.infinity || b == -.infinity { return -.infinity }
        if a.isNaN || b.isNaN { return .nan }
        return a < b ? a : b
    }

    private static func larger(_ a: Double, _ b: Double) -> Double { -smaller(-a, -b) }

    private static func calendar(_ name: String, _ value: Double) throws -> Double {
        guard value.isFinite, abs(value) < 1e11 else { throw Failure(text: "a year that is not compared") }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        let date = Date(timeIntervalSince1970: Double(Int64(value)))
        switch name {
        case "year": return Double(calendar.component(.year, from: date))
        case "month": return Double(calendar.component(.month, from: date))
        case "day_of_month": return Double(calendar.component(.day, from: date))
        case "day_of_week": return Double(calendar.component(.weekday, from: date) - 1)
        case "day_of_year": return Double(calendar.ordinality(of: .day, in: .year, for: date)!)
        case "days_in_month": return Double(calendar.range(of: .day, in: .month, for: date)!.count)
        case "hour": return Double(calendar.component(.hour, from: date))
        case "minute": return Double(calendar.component(.minute, from: date))
        default: throw Failure(text: "no function \(name)")
        }
    }

    private func relabelled(_ node: Call, _ timeMs: Int64) throws -> [Element] {
        let texts = node.arguments.dropFirst().map { argument in
            if case .string(let text) = argument.unwrapped { return text.value }
            return ""
        }
        let changed = try vector(node.arguments[0], timeMs).map { element in
            var changed = element
            var value: String?
            if node.function.name == "label_join" {
                value = texts[2...].map { element.labels[$0] }.joined(separator: texts[1])
            } else if texts[3] == "(.*)" || texts[3].isEmpty && element.labels[texts[2]].isEmpty {
                value = texts[1].replacingOccurrences(of: "$1", with: element.labels[texts[2]])
            }
            guard let value else { return changed }
            changed.labels = Labels(
                element.labels.pairs.filter { $0.name != texts[0] } + (value.isEmpty ? [] : [(texts[0], value)]))
            return changed
        }
        if Set(changed.map(\.labels)).count < changed.count { throw Failure(text: "equal labels") }
        return changed
    }

    // Histograms

    private func ofHistogram(_ node: Call, _ timeMs: Int64) throws -> [Element] {
        let input = try vector(node.arguments[node.arguments.count - 1], timeMs)
        let scalars = try node.arguments.dropLast().map { try scalar($0, timeMs) }
        let isFraction = node.function.name == "histogram_fraction"
        if isFraction, input.contains(where: { $0.point.float != nil }) {
            throw Failure(text: "fractions of classic histograms are not compared")
        }
        return try input.compactMap { element in
            guard let histogram = element.point.histogram else { return nil }
            let value: Double
            switch node.function.name {
            case "histogram_count": value = histogram.count
            case "histogram_sum": value = histogram.sum
            case "histogram_avg": value = histogram.sum / histogram.count
            case "histogram_fraction": value = histogram.fraction(from: scalars[0], to: scalars[1]).value
            default: throw Failure(text: "the spread of histograms is not compared")
            }
            return Element(labels: element.labels, dropsName: true, point: .float(value))
        }
    }

    /// Of classic buckets by the definition; of native histograms by the engine's own, which the scripts prove.
    private func histogramQuantile(_ node: Call, _ timeMs: Int64) throws -> [Element] {
        let q = try scalar(node.arguments[0], timeMs)
        let input = try vector(node.arguments[1], timeMs)
        var groups: [(labels: Labels, buckets: [(bound: Double, count: Double)])] = []
        var result: [Element] = []
        for element in input {
            if let histogram = element.point.histogram {
                result.append(
                    Element(labels: element.labels, dropsName: true, point: .float(histogram.quantile(q).value)))
                continue
            }
            guard let bound = Double(element.labels["le"].replacingOccurrences(of: "+Inf", with: "inf")) else {
                continue
            }
            let labels = Labels(element.labels.pairs.filter { $0.name != "le" })
            let bucket = (bound, element.point.float!)
            if let place = groups.firstIndex(where: { $0.labels == labels }) {
                groups[place].buckets.append(bucket)
            } else {
                groups.append((labels, [bucket]))
            }
        }
        for group in groups {
            let value = Self.quantile(q, group.buckets.sorted { $0.bound < $1.bound })
            result.append(Element(labels: group.labels, dropsName: true, point: .float(value)))
        }
        return result
    }

    private static func quantile(_ q: Double, _ buckets: [(bound: Double, count: Double)]) -> Double {
        if q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        guard let last = buckets.last, last.bound == .infinity, buckets.count > 1 else { return .nan }
        var monotonic = buckets
        for index in monotonic.indices.dropFirst() {
            monotonic[index].count = max(monotonic[index].count, monotonic[index - 1].count)
        }
        let total = monotonic[monotonic.count - 1].count
        if total == 0 || total.isNaN { return .nan }
        let rank = q * total
        let place = monotonic.dropLast().firstIndex { $0.count >= rank } ?? monotonic.count - 1
        if place == monotonic.count - 1 { return monotonic[place - 1].bound }
        if place == 0, monotonic[0].bound <= 0 { return monotonic[0].bound }
        let start = place == 0 ? 0 : monotonic[place - 1].bound
        let before = place == 0 ? 0 : monotonic[place - 1].count
        return start + (monotonic[place].bound - start) * (rank - before) / (monotonic[place].count - before)
    }

    // Ranges

    private func overTime(_ node: Call, _ timeMs: Int64) throws -> [Element] {
        let name = node.function.name
        let (runs, endMs, rangeMs) = try matrix(node.arguments.first { $0.type == .matrix }!, timeMs)
        if name == "absent_over_time" {
            let argument = node.arguments[0].unwrapped
            return runs.isEmpty ? [Element(labels: AbsentLabels.labels(of: argument), point: .float(1))] : []
        }
        let scalars = try node.arguments.filter { $0.type == .scalar }.map { try scalar($0, timeMs) }
        return try runs.compactMap { run in
            let keepsName = name == "last_over_time" || name == "first_over_time"
            guard let point = try value(name, run.samples, scalars, timeMs, endMs, rangeMs) else { return nil }
            return Element(labels: run.labels, dropsName: run.dropsName || !keepsName, point: point)
        }
    }

    private func value(
        _ name: String, _ samples: [(timeMs: Int64, point: Point)], _ scalars: [Double], _ timeMs: Int64,
        _ endMs: Int64, _ rangeMs: Int64
    ) throws -> Point? {
        let floats = samples.compactMap { sample in sample.point.float.map { (timeMs: sample.timeMs, value: $0) } }
        let histograms = samples.compactMap(\.point.histogram)
        switch name {
        case "count_over_time": return .float(Double(samples.count))
        case "present_over_time": return .float(1)
        case "last_over_time": return samples.last?.point
        case "first_over_time": return samples.first?.point
        case "ts_of_first_over_time": return samples.first.map { .float(Double($0.timeMs) / 1000) }
        case "ts_of_last_over_time": return samples.last.map { .float(Double($0.timeMs) / 1000) }
        case "sum_over_time", "avg_over_time":
            if !floats.isEmpty && !histograms.isEmpty { return nil }
            let isMean = name == "avg_over_time"
            if floats.isEmpty { return Self.total(histograms, isMean: isMean).map(Point.histogram) }
            return .float(isMean ? NaiveSum.mean(floats.map(\.value)) : NaiveSum.of(floats.map(\.value)))
        case "rate", "increase", "delta":
            if !floats.isEmpty && !histograms.isEmpty { return nil }
            if !histograms.isEmpty { throw Failure(text: "rates of histograms are not compared") }
            return Self.extrapolated(name, floats, endMs, rangeMs).map(Point.float)
        case "irate", "idelta", "resets", "changes":
            if !histograms.isEmpty { throw Failure(text: "changes of histograms are not compared") }
            return Self.changes(name, floats.map(\.value), floats).map(Point.float)
        default:
            if floats.isEmpty { return nil }
            return try ofFloats(name, floats, scalars, timeMs).map(Point.float)
        }
    }

    private static func extrapolated(
        _ name: String, _ samples: [(timeMs: Int64, value: Double)], _ endMs: Int64, _ rangeMs: Int64
    ) -> Double? {
        guard samples.count > 1, let first = samples.first, let last = samples.last else { return nil }
        let isCounter = name != "delta"
        var change = last.value - first.value
        if isCounter {
            for (before, sample) in zip(samples, samples.dropFirst()) where sample.value < before.value {
                change += before.value
            }
        }
        let sampled = Double(last.timeMs - first.timeMs) / 1000
        let interval = sampled / Double(samples.count - 1)
        var toStart = Double(first.timeMs - (endMs - rangeMs)) / 1000
        var toEnd = Double(endMs - last.timeMs) / 1000
        if toStart >= interval * 1.1 { toStart = interval / 2 }
        if isCounter, change > 0, first.value >= 0 { toStart = min(toStart, sampled * (first.value / change)) }
        if toEnd >= interval * 1.1 { toEnd = interval / 2 }
        let factor = (sampled + toStart + toEnd) / sampled
        return change * (name == "rate" ? factor / (Double(rangeMs) / 1000) : factor)
    }

    private static func changes(
        _ name: String, _ values: [Double], _ samples: [(timeMs: Int64, value: Double)]
    ) -> Double? {
        let pairs = zip(values, values.dropFirst())
        switch name {
        case "resets": return Double(pairs.filter { $0 > $1 }.count)
        case "changes": return Double(pairs.filter { $0 != $1 && !($0.isNaN && $1.isNaN) }.count)
        default:
            guard let last = samples.last, let before = samples.dropLast().last else { return nil }
            if name == "idelta" { return last.value - before.value }
            let change = last.value < before.value ? last.value : last.value - before.value
            return change / (Double(last.timeMs - before.timeMs) / 1000)
        }
    }

    private func ofFloats(
        _ name: String, _ samples: [(timeMs: Int64, value: Double)], _ scalars: [Double], _ timeMs: Int64
    ) throws -> Double? {
        let values = samples.map(\.value)
        func time(of extreme: (Double, Double) -> Bool) -> Double {
            var best = samples[0]
            for sample in samples.dropFirst()
            where sample.value == best.value || extreme(sample.value, best.value) || best.value.isNaN {
                best = sample
            }
            return Double(best.timeMs) / 1000
        }
        switch name {
        case "min_over_time": return values.filter { !$0.isNaN }.min() ?? .nan
        case "max_over_time": return values.filter { !$0.isNaN }.max() ?? .nan
        case "ts_of_min_over_time": return time(of: <)
        case "ts_of_max_over_time": return time(of: >)
        case "stdvar_over_time": return Self.variance(values)
        case "stddev_over_time": return Self.variance(values).squareRoot()
        case "quantile_over_time": return NaiveSum.quantile(scalars[0], values)
        case "mad_over_time":
            if values.contains(where: \.isNaN) { return .nan }
            let median = NaiveSum.quantile(0.5, values)
            return NaiveSum.quantile(0.5, values.map { abs($0 - median) })
        case "deriv":
            return samples.count < 2 ? nil : NaiveSum.line(samples, originMs: samples[0].timeMs).slope
        case "predict_linear":
            guard samples.count > 1 else { return nil }
            let line = NaiveSum.line(samples, originMs: timeMs)
            return line.slope * scalars[0] + line.value
        case "double_exponential_smoothing": return try Self.smoothed(values, scalars[0], scalars[1])
        default: throw Failure(text: "no function \(name)")
        }
    }

    /// Over a range every value is taken into the mean, what is no finite number too.
    private static func variance(_ values: [Double]) -> Double {
        let mean = NaiveSum.mean(values)
        if !mean.isFinite { return .nan }
        return NaiveSum.of(values.map { ($0 - mean) * ($0 - mean) }) / Double(values.count)
    }

    private static func smoothed(_ values: [Double], _ factor: Double, _ trendFactor: Double) throws -> Double? {
        guard factor > 0, factor < 1, trendFactor > 0, trendFactor < 1 else { throw Failure(text: "invalid factor") }
        guard values.count > 1 else { return nil }
        var levels = [values[0]]
        var trend = values[1] - values[0]
        for index in 1..<values.count {
            if index > 1 { trend = trendFactor * (levels[index - 1] - levels[index - 2]) + (1 - trendFactor) * trend }
            levels.append(factor * values[index] + (1 - factor) * (levels[index - 1] + trend))
        }
        return levels[levels.count - 1]
    }
}

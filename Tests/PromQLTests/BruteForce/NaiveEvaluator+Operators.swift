import Encoding
import Model

@testable import PromQL

/// Operators between vectors and aggregations.
extension NaiveEvaluator {
    func binary(_ node: BinaryOperation, _ timeMs: Int64) throws -> [Element] {
        if node.operation.isSet { return try setOperation(node, timeMs) }
        if node.left.type == .scalar || node.right.type == .scalar { return try withScalar(node, timeMs) }
        return try matched(node, timeMs)
    }

    private enum Combined {
        case kept(Point)
        /// A comparison that does not hold.
        case dropped
        /// The operator makes nothing of the two.
        case impossible

        var point: Point? {
            if case .kept(let point) = self { return point }
            return nil
        }
    }

    private func combined(_ node: BinaryOperation, _ left: Point, _ right: Point, keeping kept: Point) -> Combined {
        if case .float(let a) = left, case .float(let b) = right {
            if node.operation == .trimLower || node.operation == .trimUpper { return .impossible }
            let value = Self.apply(node.operation, a, b)
            if !node.operation.isComparison || node.returnsBool { return .kept(.float(value)) }
            return value == 1 ? .kept(kept) : .dropped
        }
        var notes = Annotations()
        let operation = ElementOperation(
            operation: node.operation, returnsBool: false, position: node.left.position)
        switch operation.apply(left, right, &notes) {
        case .impossible: return .impossible
        case .failedComparison: return node.returnsBool ? .kept(.float(0)) : .dropped
        case .kept(let point):
            return .kept(node.returnsBool ? .float(1) : node.operation.isComparison ? kept : point)
        }
    }

    private func withScalar(_ node: BinaryOperation, _ timeMs: Int64) throws -> [Element] {
        let scalarIsLeft = node.left.type == .scalar
        let number = Point.float(try scalar(scalarIsLeft ? node.left : node.right, timeMs))
        return try vector(scalarIsLeft ? node.right : node.left, timeMs).compactMap { element in
            let point =
                scalarIsLeft
                ? combined(node, number, element.point, keeping: element.point)
                : combined(node, element.point, number, keeping: element.point)
            guard let point = point.point else { return nil }
            return Element(
                labels: element.labels,
                dropsName: element.dropsName || node.operation.changesMeaning || node.returnsBool, point: point)
        }
    }

    private func signature(_ labels: Labels, _ matching: VectorMatching) -> Labels {
        Labels(
            labels.pairs.filter {
                matching.isOn
                    ? matching.labels.contains($0.name)
                    : !matching.labels.contains($0.name) && $0.name != Labels.metricName
            })
    }

    private func setOperation(_ node: BinaryOperation, _ timeMs: Int64) throws -> [Element] {
        let matching = node.matching ?? VectorMatching()
        let left = try vector(node.left, timeMs)
        let right = try vector(node.right, timeMs)
        func isIn(_ element: Element, _ others: [Element]) -> Bool {
            others.contains { signature($0.labels, matching) == signature(element.labels, matching) }
        }
        switch node.operation {
        case .and: return left.filter { isIn($0, right) }
        case .unless: return left.filter { !isIn($0, right) }
        default: return left + right.filter { !isIn($0, left) }
        }
    }

    private func matched(_ node: BinaryOperation, _ timeMs: Int64) throws -> [Element] {
        let matching = node.matching ?? VectorMatching()
        let isSwapped = matching.cardinality == .oneToMany
        let left = try vector(node.left, timeMs)
        let right = try vector(node.right, timeMs)
        let many = isSwapped ? right : left
        let one = isSwapped ? left : right
        let fillOne = isSwapped ? matching.fillLeft : matching.fillRight
        let fillMany = isSwapped ? matching.fillRight : matching.fillLeft
        if many.isEmpty && fillMany == nil || one.isEmpty && fillOne == nil { return [] }
        var bySignature: [Labels: Element] = [:]
        for element in one {
            let key = signature(element.labels, matching)
            guard bySignature.updateValue(element, forKey: key) == nil else { throw Failure(text: "duplicate") }
        }
        var result: [Element] = []
        var met: [Labels: Set<Labels>] = [:]
        func meet(_ manySide: Element, _ oneSide: Element, _ key: Labels) throws {
            let labels = resultLabels(node, matching, manySide.labels, oneSide.labels)
            let (a, b) = isSwapped ? (oneSide, manySide) : (manySide, oneSide)
            let outcome = combined(node, a.point, b.point, keeping: a.point)
            if case .impossible = outcome { return }
            if matching.cardinality == .oneToOne {
                guard met.updateValue([], forKey: key) == nil else { throw Failure(text: "many-to-one") }
            } else {
                guard met[key, default: []].insert(labels).inserted else { throw Failure(text: "not unique") }
            }
            guard let point = outcome.point else { return }
            result.append(Element(labels: labels, dropsName: node.returnsBool, point: point))
        }
        for element in many {
            let key = signature(element.labels, matching)
            if let partner = bySignature[key] {
                try meet(element, partner, key)
            } else if let fillOne {
                try meet(element, Element(labels: key, point: .float(fillOne)), key)
            }
        }
        if let fillMany {
            let known = Set(many.map { signature($0.labels, matching) })
            for element in one where !known.contains(signature(element.labels, matching)) {
                let key = signature(element.labels, matching)
                try meet(Element(labels: key, point: .float(fillMany)), element, key)
            }
        }
        return result
    }

    private func resultLabels(
        _ node: BinaryOperation, _ matching: VectorMatching, _ many: Labels, _ one: Labels
    ) -> Labels {
        var pairs = many.pairs
        if node.operation.changesMeaning { pairs.removeAll { $0.name == Labels.metricName } }
        if matching.cardinality == .oneToOne {
            pairs.removeAll {
                matching.isOn ? !matching.labels.contains($0.name) : matching.labels.contains($0.name)
            }
        }
        for name in matching.include {
            pairs.removeAll { $0.name == name }
            if !one[name].isEmpty { pairs.append((name, one[name])) }
        }
        return Labels(pairs)
    }

    // Aggregations

    private func groups(_ node: Aggregation, _ input: [Element]) -> [(labels: Labels, members: [Element])] {
        var groups: [(labels: Labels, members: [Element])] = []
        for element in input {
            let labels = Labels(
                element.labels.pairs.filter {
                    node.isWithout
                        ? !node.grouping.contains($0.name) && $0.name != Labels.metricName
                        : node.grouping.contains($0.name)
                })
            if let place = groups.firstIndex(where: { $0.labels == labels }) {
                groups[place].members.append(element)
            } else {
                groups.append((labels, [element]))
            }
        }
        return groups
    }

    func aggregation(_ node: Aggregation, _ timeMs: Int64) throws -> [Element] {
        let input = try vector(node.expression, timeMs)
        if node.operation == .countValues { return countValues(node, input) }
        let parameter = try node.parameter.map { try scalar($0, timeMs) } ?? .nan
        var result: [Element] = []
        for group in groups(node, input) {
            switch node.operation {
            case .topk, .bottomk, .limitk, .limitRatio:
                result += try chosen(node.operation, group.members, parameter, input.count)
            default:
                if let point = aggregate(node.operation, group.members, parameter) {
                    let drops = group.members.contains { $0.dropsName }
                    result.append(Element(labels: group.labels, dropsName: drops, point: point))
                }
            }
        }
        return result
    }

    private func aggregate(_ operation: AggregationOperator, _ members: [Element], _ parameter: Double) -> Point? {
        let floats = members.compactMap(\.point.float)
        let histograms = members.compactMap(\.point.histogram)
        switch operation {
        case .count: return .float(Double(members.count))
        case .group: return .float(1)
        case .sum, .avg:
            if !floats.isEmpty && !histograms.isEmpty { return nil }
            if !histograms.isEmpty { return Self.total(histograms, isMean: operation == .avg).map(Point.histogram) }
            return .float(operation == .sum ? NaiveSum.of(floats) : NaiveSum.mean(floats))
        case _ where floats.isEmpty: return nil
        case .min: return .float(floats.filter { !$0.isNaN }.min() ?? .nan)
        case .max: return .float(floats.filter { !$0.isNaN }.max() ?? .nan)
        case .stdvar: return .float(NaiveSum.variance(floats))
        case .stddev: return .float(NaiveSum.variance(floats).squareRoot())
        case .quantile: return .float(NaiveSum.quantile(parameter, floats))
        default: return nil
        }
    }

    static func total(_ histograms: [FloatHistogram], isMean: Bool) -> FloatHistogram? {
        do {
            if isMean {
                var mean = HistogramMean(histograms[0])
                for histogram in histograms.dropFirst() { _ = try mean.add(histogram) }
                return mean.mean.compacted()
            }
            var sum = histograms[0]
            for histogram in histograms.dropFirst() { _ = try sum.add(histogram) }
            return sum.compacted()
        } catch {
            return nil
        }
    }

    private func countValues(_ node: Aggregation, _ input: [Element]) -> [Element] {
        guard case .string(let label)? = node.parameter?.unwrapped else { return [] }
        var counts: [(labels: Labels, count: Double)] = []
        for group in groups(node, input) {
            for member in group.members {
                let text = member.point.float.map { FloatText.plain($0) } ?? member.point.histogram!.description
                var pairs = group.labels.pairs.filter { $0.name != label.value }
                pairs.append((label.value, text))
                let labels = Labels(pairs)
                if let place = counts.firstIndex(where: { $0.labels == labels }) {
                    counts[place].count += 1
                } else {
                    counts.append((labels, 1))
                }
            }
        }
        return counts.map { Element(labels: $0.labels, point: .float($0.count)) }
    }

    private func chosen(
        _ operation: AggregationOperator, _ members: [Element], _ parameter: Double, _ inputs: Int
    ) throws -> [Element] {
        if parameter.isNaN { throw Failure(text: "no number") }
        switch operation {
        case .limitk: return Array(members.prefix(max(0, Int(parameter))))
        case .limitRatio:
            let ratio = max(-1, min(1, parameter))
            return members.filter { element in
                let place = Double(element.labels.hash) / Double(UInt64.max)
                return ratio >= 0 ? place < ratio : place >= 1 + ratio
            }
        default: break
        }
        let count = max(0, min(inputs, Int(parameter)))
        let floats = members.filter { $0.point.float != nil }
        let ordered = floats.enumerated().sorted { a, b in
            let (x, y) = (a.element.point.float!, b.element.point.float!)
            if x.isNaN || y.isNaN { return x.isNaN == y.isNaN ? a.offset < b.offset : y.isNaN }
            if x == y { return a.offset < b.offset }
            return operation == .topk ? x > y : x < y
        }
        return ordered.prefix(count).map(\.element)
    }
}

import Model
import PromQL

/// Operators between series, which find each other by their labels.
struct BinaryEvaluator {
    private let binary: BinaryOperation
    private let steps: Int

    init(_ binary: BinaryOperation, steps: Int) {
        self.binary = binary
        self.steps = steps
    }

    func value(_ left: MetricValue, _ right: MetricValue) throws(QueryError) -> MetricValue {
        switch (left, right) {
        case (.scalar(let a), .scalar(let b)):
            return .scalar(
                binary.operation.isComparison
                    ? (ScalarMath.holds(binary.operation, a, b) ? 1 : 0) : ScalarMath.value(binary.operation, a, b))
        case (.rows(let rows), .scalar(let b)): return .rows(mapped(rows) { ($0, b) })
        case (.scalar(let a), .rows(let rows)): return .rows(mapped(rows) { (a, $0) })
        case (.rows(let a), .rows(let b)):
            switch binary.operation {
            case .and, .unless: return .rows(intersected(a, b))
            case .or: return .rows(united(a, b))
            default: return .rows(try joined(a, b))
            }
        }
    }

    /// The result of two numbers; nil where a comparison fails. `kept` is what a comparison keeps.
    private func result(_ a: Double, _ b: Double, kept: Double) -> Double? {
        guard binary.operation.isComparison else { return ScalarMath.value(binary.operation, a, b) }
        let holds = ScalarMath.holds(binary.operation, a, b)
        if binary.returnsBool { return holds ? 1 : 0 }
        return holds ? kept : nil
    }

    private func mapped(_ rows: MetricRows, _ sides: (Double) -> (Double, Double)) -> MetricRows {
        var mapped = rows
        for cell in rows.values.indices where rows.isPresent[cell] {
            let (a, b) = sides(rows.values[cell])
            if let value = result(a, b, kept: rows.values[cell]) {
                mapped.values[cell] = value
            } else {
                mapped.isPresent[cell] = false
            }
        }
        return mapped.withoutEmptyRows()
    }

    // MARK: matching

    /// The number of the labels by which each row is matched.
    private func signatures(_ rows: MetricRows, _ table: inout LabelTable) -> [Int] {
        let matching = binary.matching
        let filter =
            matching.isOn ? LabelFilter(keeping: matching.labels) : LabelFilter(dropping: matching.labels)
        var key: [UInt8] = []
        return rows.labels.map { labels in
            filter.apply(labels.bytes.span, into: &key)
            return table.number(of: key.span)
        }
    }

    /// Steps at which some row of a signature is there.
    private func presence(_ rows: MetricRows, _ signatures: [Int], _ count: Int) -> [Bool] {
        var presence = [Bool](repeating: false, count: count * steps)
        for row in 0..<rows.count {
            for step in 0..<steps where rows.isPresent[row * steps + step] {
                presence[signatures[row] * steps + step] = true
            }
        }
        return presence
    }

    private func intersected(_ left: MetricRows, _ right: MetricRows) -> MetricRows {
        var table = LabelTable()
        let own = signatures(left, &table)
        let others = signatures(right, &table)
        let presence = presence(right, others, table.count)
        let keepsMatched = binary.operation == .and
        var rows = left
        for row in 0..<left.count {
            for step in 0..<steps where presence[own[row] * steps + step] != keepsMatched {
                rows.isPresent[row * steps + step] = false
            }
        }
        return rows.withoutEmptyRows()
    }

    private func united(_ left: MetricRows, _ right: MetricRows) -> MetricRows {
        var table = LabelTable()
        let own = signatures(left, &table)
        let others = signatures(right, &table)
        let presence = presence(left, own, table.count)
        var rows = left
        rows.isOrdered = false
        var places: [Labels: Int] = [:]
        for row in 0..<left.count { places[left.labels[row]] = row }
        for row in 0..<right.count {
            for step in 0..<steps where !presence[others[row] * steps + step] {
                guard let value = right.value(row, step) else { continue }
                let place = places[right.labels[row]] ?? rows.append(right.labels[row])
                places[right.labels[row]] = place
                rows.set(place, step, value)
            }
        }
        return rows
    }

    private func joined(_ left: MetricRows, _ right: MetricRows) throws(QueryError) -> MetricRows {
        let isSwapped = binary.matching.cardinality == .oneToMany
        let (many, one) = isSwapped ? (right, left) : (left, right)
        var table = LabelTable()
        let own = signatures(many, &table)
        let others = signatures(one, &table)
        var partners = [[Int]](repeating: [], count: table.count)
        for row in 0..<one.count { partners[others[row]].append(row) }
        var rows = MetricRows(steps: steps)
        rows.isOrdered = left.isOrdered
        var places: [Labels: Int] = [:]
        var taken = [Bool](repeating: false, count: table.count * steps)
        for row in 0..<many.count {
            for step in 0..<steps {
                guard let value = many.value(row, step) else { continue }
                let present = partners[own[row]].filter { one.isPresent[$0 * steps + step] }
                guard let partner = present.first, let other = one.value(partner, step) else { continue }
                if present.count > 1 { throw Self.manyToMany(isSwapped ? "left" : "right") }
                if binary.matching.cardinality == .oneToOne {
                    if taken[own[row] * steps + step] { throw Self.manyToOne }
                    taken[own[row] * steps + step] = true
                }
                let (a, b) = isSwapped ? (other, value) : (value, other)
                guard let found = result(a, b, kept: a) else { continue }
                let labels = labels(many.labels[row], one.labels[partner])
                let place = places[labels] ?? rows.append(labels)
                places[labels] = place
                if rows.isPresent[place * steps + step] { throw Self.manyToOne }
                rows.set(place, step, found)
            }
        }
        return rows
    }

    private static func manyToMany(_ side: String) -> QueryError {
        .execution(
            "found duplicate series on the \(side) hand-side;many-to-many matching not allowed: matching labels must be unique on one side"
        )
    }

    private static let manyToOne = QueryError.execution(
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")

    private func labels(_ many: Labels, _ one: Labels) -> Labels {
        let matching = binary.matching
        if matching.cardinality == .oneToOne {
            guard matching.isWritten, !binary.operation.isComparison || binary.returnsBool || matching.isOn else {
                return many
            }
            let filter =
                matching.isOn ? LabelFilter(keeping: matching.labels) : LabelFilter(dropping: matching.labels)
            var key: [UInt8] = []
            filter.apply(many.bytes.span, into: &key)
            return Labels(canonical: key)
        }
        if matching.included.isEmpty { return many }
        var builder = LabelsBuilder(many)
        for name in matching.included { builder.set(name, one[name]) }
        return builder.labels()
    }
}

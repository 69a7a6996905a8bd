import Model
import PromQL
import Storage

/// Aggregates over series, step by step.
struct VectorAggregator {
    private let aggregation: VectorAggregation

    init(_ aggregation: VectorAggregation) { self.aggregation = aggregation }

    func rows(_ inner: MetricRows, _ run: LogRun) throws(QueryError) -> MetricRows {
        let operation = aggregation.operation
        if operation.isSort { return sorted(inner) }
        var groups = LabelTable()
        let groupOf = numbered(inner, &groups)
        if operation.takesParameter { return selected(inner, groupOf, groups.count) }
        try run.ledger.hold(bytes: groups.count * (64 + 9 * inner.steps))
        var rows = MetricRows(steps: inner.steps)
        for group in 0..<groups.count { rows.append(groups.sets.labels(group)) }
        var states = [GroupState](repeating: GroupState(), count: groups.count)
        for step in 0..<inner.steps {
            for group in states.indices { states[group] = GroupState() }
            for row in 0..<inner.count {
                if let value = inner.value(row, step) { states[groupOf[row]].add(value, operation) }
            }
            for (group, state) in states.enumerated() {
                if let value = state.result(operation) { rows.set(group, step, value) }
            }
        }
        return rows.withoutEmptyRows()
    }

    /// The group of each row.
    private func numbered(_ inner: MetricRows, _ groups: inout LabelTable) -> [Int] {
        guard let grouping = aggregation.grouping else {
            return inner.count == 0 ? [] : [Int](repeating: groups.number(of: [UInt8]().span), count: inner.count)
        }
        let filter =
            grouping.isWithout ? LabelFilter(dropping: grouping.names) : LabelFilter(keeping: grouping.names)
        var key: [UInt8] = []
        var numbers: [Int] = []
        for labels in inner.labels {
            filter.apply(labels.bytes.span, into: &key)
            numbers.append(groups.number(of: key.span))
        }
        return numbers
    }

    // MARK: selection

    /// NaN comes last, and is never among the first where there is anything else.
    private static func precedes(_ a: Double, _ b: Double, largestFirst: Bool) -> Bool {
        if a.isNaN { return false }
        if b.isNaN { return true }
        return largestFirst ? a > b : a < b
    }

    private func sorted(_ inner: MetricRows) -> MetricRows {
        guard inner.steps == 1 else { return inner }
        let largestFirst = aggregation.operation == .sortDesc
        let order = (0..<inner.count).sorted { a, b in
            let (left, right) = (inner.value(a, 0) ?? .nan, inner.value(b, 0) ?? .nan)
            if Self.precedes(left, right, largestFirst: largestFirst) { return true }
            if Self.precedes(right, left, largestFirst: largestFirst) { return false }
            return inner.labels[a] < inner.labels[b]
        }
        var rows = inner.picking(order)
        rows.isOrdered = true
        return rows
    }

    private func selected(_ inner: MetricRows, _ groupOf: [Int], _ groups: Int) -> MetricRows {
        let count = aggregation.parameter ?? 1
        let largestFirst = aggregation.operation != .bottomk
        var rows = inner
        rows.isPresent = [Bool](repeating: false, count: inner.isPresent.count)
        var members = [[(row: Int, value: Double)]](repeating: [], count: groups)
        var lastOrder: [Int] = []
        for step in 0..<inner.steps {
            for group in members.indices { members[group].removeAll(keepingCapacity: true) }
            for row in 0..<inner.count {
                if let value = inner.value(row, step) { members[groupOf[row]].append((row, value)) }
            }
            lastOrder.removeAll(keepingCapacity: true)
            for group in members.indices {
                let first = Self.first(count, of: members[group]) { a, b in
                    if Self.precedes(a.value, b.value, largestFirst: largestFirst) { return true }
                    if Self.precedes(b.value, a.value, largestFirst: largestFirst) { return false }
                    return inner.labels[a.row] < inner.labels[b.row]
                }
                for member in first {
                    rows.set(member.row, step, member.value)
                    lastOrder.append(member.row)
                }
            }
        }
        guard inner.steps == 1 else { return rows.withoutEmptyRows() }
        var picked = rows.picking(lastOrder)
        picked.isOrdered = true
        return picked
    }

    /// More are sorted with all others.
    private static let pickedMax = 64

    /// The first few in order, without sorting the rest.
    private static func first<Member>(
        _ count: Int, of members: [Member], _ precedes: (Member, Member) -> Bool
    ) -> ArraySlice<Member> {
        if count > pickedMax || members.count <= count { return members.sorted(by: precedes).prefix(max(0, count)) }
        var first: [Member] = []
        for member in members {
            if first.count >= count, let last = first.last, !precedes(member, last) { continue }
            let place = first.lastIndex { !precedes(member, $0) }.map { $0 + 1 } ?? 0
            first.insert(member, at: place)
            if first.count > count { first.removeLast() }
        }
        return first[...]
    }
}

/// One group at one step.
private struct GroupState {
    private var count = 0.0
    private var value = 0.0
    private var mean = 0.0
    private var squares = 0.0

    mutating func add(_ new: Double, _ operation: VectorAggregation.Operation) {
        count += 1
        switch operation {
        case .min: value = count == 1 || new < value || value.isNaN ? new : value
        case .max: value = count == 1 || new > value || value.isNaN ? new : value
        case .stddev, .stdvar:
            let delta = new - mean
            mean += delta / count
            squares += delta * (new - mean)
        default: value += new
        }
    }

    func result(_ operation: VectorAggregation.Operation) -> Double? {
        guard count > 0 else { return nil }
        switch operation {
        case .count: return count
        case .avg: return value / count
        case .stdvar: return squares / count
        case .stddev: return (squares / count).squareRoot()
        default: return value
        }
    }
}

import Model
import Storage

/// The labels by which rows of two vectors find each other.
struct Signatures {
    private let filter: LabelFilter
    private(set) var table = LabelTable()

    init(_ matching: VectorMatching) {
        filter =
            matching.isOn
            ? LabelFilter(keeping: matching.labels)
            : LabelFilter(dropping: matching.labels + [Labels.metricName])
    }

    /// The number of each row's signature; equal in all frames that were asked.
    mutating func numbers(of frame: Frame) -> [Int] {
        var key: [UInt8] = []
        var numbers: [Int] = []
        numbers.reserveCapacity(frame.count)
        for row in 0..<frame.count {
            filter.apply(frame.labels.bytes.span.extracting(frame.labels.range(row)), into: &key)
            numbers.append(table.number(of: key.span))
        }
        return numbers
    }

    func labels(_ number: Int) -> Labels { table.sets.labels(number) }
}

/// `and`, `or`, `unless`.
struct SetOperation {
    private let operation: BinaryOperator
    private let matching: VectorMatching

    init(_ operation: BinaryOperator, _ matching: VectorMatching) {
        self.operation = operation
        self.matching = matching
    }

    func evaluate(_ left: Frame, _ right: Frame) throws(QueryError) -> Frame {
        var signatures = Signatures(matching)
        let leftNumbers = signatures.numbers(of: left)
        let rightNumbers = signatures.numbers(of: right)
        let count = signatures.table.count
        switch operation {
        case .and:
            let present = presence(of: right, rightNumbers, count)
            return masked(left, leftNumbers) { present[$0] }.withoutEmptyRows()
        case .unless:
            let present = presence(of: right, rightNumbers, count)
            return masked(left, leftNumbers) { !present[$0] }.withoutEmptyRows()
        default:
            let present = presence(of: left, leftNumbers, count)
            let added = masked(right, rightNumbers) { !present[$0] }
            var all = left
            for row in 0..<added.count where added.hasSamples(row) { all.appendRow(row, of: added) }
            guard let merged = all.mergingEqualLabels() else { throw .sameLabels }
            return merged
        }
    }

    /// For each signature and instant whether any row of it holds a sample.
    private func presence(of frame: Frame, _ numbers: [Int], _ count: Int) -> [Bool] {
        let steps = frame.grid.count
        var present = [Bool](repeating: false, count: count * steps)
        for row in 0..<frame.count {
            let base = numbers[row] * steps
            for step in 0..<steps where frame.isPresent(row, step) { present[base + step] = true }
        }
        return present
    }

    /// Keeps the cells for which `isKept` holds, asked by signature and instant.
    private func masked(_ frame: Frame, _ numbers: [Int], _ isKept: (Int) -> Bool) -> Frame {
        var masked = frame
        let steps = frame.grid.count
        for row in 0..<frame.count {
            for step in 0..<steps where !isKept(numbers[row] * steps + step) {
                masked.set(nil, row: row, step: step)
            }
        }
        return masked
    }
}

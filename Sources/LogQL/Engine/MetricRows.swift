package import Model

/// Series in rows: a cell for each step, which may be absent.
package struct MetricRows: Sendable {
    package let steps: Int
    package var labels: [Labels] = []
    /// Row after row.
    package var values: [Double] = []
    package var isPresent: [Bool] = []
    /// Whether the order of the rows says something.
    package var isOrdered = false

    package init(steps: Int) { self.steps = steps }

    /// A row of absent cells for each label set.
    init(steps: Int, _ labels: [Labels]) {
        self.steps = steps
        self.labels = labels
        values = [Double](repeating: 0, count: labels.count * steps)
        isPresent = [Bool](repeating: false, count: labels.count * steps)
    }

    package var count: Int { labels.count }

    /// About what a row takes in memory.
    static func bytes(_ labels: Labels, _ steps: Int) -> Int { labels.bytes.count + 64 + steps * 9 }

    /// Adds a row of absent cells and returns its number.
    @discardableResult
    mutating func append(_ labels: Labels) -> Int {
        self.labels.append(labels)
        values.append(contentsOf: repeatElement(0, count: steps))
        isPresent.append(contentsOf: repeatElement(false, count: steps))
        return count - 1
    }

    @inline(__always)
    package func value(_ row: Int, _ step: Int) -> Double? {
        let cell = row * steps + step
        return isPresent[cell] ? values[cell] : nil
    }

    @inline(__always)
    mutating func set(_ row: Int, _ step: Int, _ value: Double) {
        values[row * steps + step] = value
        isPresent[row * steps + step] = true
    }

    func isEmpty(_ row: Int) -> Bool { !isPresent[(row * steps)..<((row + 1) * steps)].contains(true) }

    /// Without rows that have no value at all.
    func withoutEmptyRows() -> MetricRows { picking((0..<count).filter { !isEmpty($0) }) }

    /// Only these rows, in this order.
    func picking(_ rows: [Int]) -> MetricRows {
        var picked = MetricRows(steps: steps)
        picked.isOrdered = isOrdered
        for row in rows {
            let cells = (row * steps)..<((row + 1) * steps)
            picked.labels.append(labels[row])
            picked.values += values[cells]
            picked.isPresent += isPresent[cells]
        }
        return picked
    }

    func sortedByLabels() -> MetricRows {
        picking((0..<count).sorted { labels[$0] < labels[$1] })
    }
}

/// What a metric query gives.
package enum MetricValue: Sendable {
    case scalar(Double)
    case rows(MetricRows)
}

extension MetricRows {
    /// One series without labels that always has the same value.
    package init(constant value: Double, steps: Int) {
        self.init(steps: steps)
        append(.empty)
        for step in 0..<steps { set(0, step, value) }
    }
}

import Model
import Storage

extension Frame {
    /// Rows of equal labels made one. Nil where two of them hold a sample at the same instant.
    func mergingEqualLabels() -> Frame? {
        guard count > 1 else { return self }
        var table = LabelTable()
        var targets: [Int] = []
        targets.reserveCapacity(count)
        for row in 0..<count {
            targets.append(
                table.number(of: labels.bytes.span.extracting(labels.range(row)), hash: labels.hashes[row]))
        }
        if table.count == count { return self }
        var merged = Frame(grid: grid)
        var firstSteps: [Int] = []
        for row in 0..<count {
            let target = targets[row]
            if target == merged.count {
                merged.appendRow(row, of: self)
                firstSteps.append(firstPresentStep(row) ?? .max)
                continue
            }
            if !merged.absorb(row, of: self, into: target) { return nil }
            // Whether the name goes is what the earliest sample says.
            let first = firstPresentStep(row) ?? .max
            if first < firstSteps[target] {
                firstSteps[target] = first
                merged.dropsName[target] = dropsName[row]
            }
        }
        return merged
    }

    /// Adds the samples of another frame's row to a row. False where both hold one at the same instant.
    private mutating func absorb(_ row: Int, of other: Frame, into target: Int) -> Bool {
        for step in 0..<grid.count {
            guard let point = other.point(row, step) else { continue }
            if isPresent(target, step) { return false }
            set(point, row: target, step: step)
        }
        return true
    }

    /// Without the names that are to go.
    func withNamesDropped() -> Frame {
        guard dropsName.contains(true) else { return self }
        var frame = self
        frame.labels.removeAll()
        var scratch: [UInt8] = []
        for row in 0..<count {
            if dropsName[row] {
                LabelFilter.metadata.apply(labels.bytes.span.extracting(labels.range(row)), into: &scratch)
                frame.labels.appendSet(scratch.span)
                frame.dropsName[row] = false
            } else {
                frame.labels.appendSet(row, of: labels)
            }
        }
        return frame
    }

    /// Rows by labels, as results of range queries are.
    func sortedByLabels() -> Frame {
        let order = (0..<count).sorted { a, b in
            LabelCursor.order(
                labels.bytes.span.extracting(labels.range(a)), labels.bytes.span.extracting(labels.range(b))) < 0
        }
        return selecting(order)
    }
}

import Model
import Storage

/// An operator between two vectors: each row of the "many" side meets the row of the "one" side that has its labels.
struct VectorBinary {
    private let plan: VectorBinaryPlan
    private let grid: Grid
    private let position: PositionRange
    private let evaluator: Evaluator
    private let element: ElementOperation
    private let matching: VectorMatching
    /// The sides are swapped so that the left one is the "many" side.
    private let isSwapped: Bool

    init(_ plan: VectorBinaryPlan, _ node: Plan, _ evaluator: Evaluator) {
        self.plan = plan
        grid = node.grid
        position = node.position
        self.evaluator = evaluator
        matching = plan.matching
        isSwapped = plan.matching.cardinality == .oneToMany
        element = ElementOperation(
            operation: plan.operation, returnsBool: plan.returnsBool, position: node.position)
    }

    private var isOneToOne: Bool { matching.cardinality == .oneToOne }
    private var hasFills: Bool { matching.fillLeft != nil || matching.fillRight != nil }

    func evaluate() throws(QueryError) -> Frame {
        let leftFrame = try evaluator.frame(plan.left)
        let rightFrame = try evaluator.frame(plan.right)
        let many = isSwapped ? rightFrame : leftFrame
        let one = isSwapped ? leftFrame : rightFrame
        var signatures = Signatures(matching)
        let manyNumbers = signatures.numbers(of: many)
        let oneNumbers = signatures.numbers(of: one)
        let count = signatures.table.count
        let oneRows = rows(oneNumbers, count)
        try checkUnique(one, oneRows, many, signatures)
        let meetsOnce = isOneToOne && oneRows.allSatisfy { $0.count < 2 } && Set(manyNumbers).count == many.count
        if isOneToOne, !meetsOnce { try evaluator.run.ledger.hold(bytes: count * grid.count) }
        var output = Output(grid: grid, isOneToOne ? (meetsOnce ? .bySignatureOnce : .bySignature(count)) : .byRow)
        for row in 0..<many.count {
            try evaluator.run.check()
            let number = manyNumbers[row]
            let before = output.frame.count
            try meet(row, many, oneRows[number], one, number, signatures, &output)
            try hold(output.frame.count - before)
        }
        if let fill = matching.fillLeft {
            let manyRows = rows(manyNumbers, count)
            for row in 0..<one.count {
                let before = output.frame.count
                try fillMany(row, one, manyRows[oneNumbers[row]], many, fill, oneNumbers[row], signatures, &output)
                try hold(output.frame.count - before)
            }
        }
        guard let merged = output.frame.withoutEmptyRows().mergingEqualLabels() else { throw .sameLabels }
        return merged
    }

    /// Rows of the result, with what is known of their meetings.
    private func hold(_ rows: Int) throws(QueryError) {
        if rows == 0 { return }
        try evaluator.run.hold(cells: rows * grid.count)
        try evaluator.run.ledger.hold(bytes: rows * grid.count * 4)
    }

    private func rows(_ numbers: [Int], _ count: Int) -> [[Int]] {
        var rows = [[Int]](repeating: [], count: count)
        for (row, number) in numbers.enumerated() { rows[number].append(row) }
        return rows
    }

    /// Two samples of one signature on the "one" side are an error wherever anything is matched at all.
    private func checkUnique(
        _ one: Frame, _ rows: [[Int]], _ many: Frame, _ signatures: Signatures
    ) throws(QueryError) {
        let doubled = rows.indices.filter { rows[$0].count > 1 }
        if doubled.isEmpty { return }
        for step in 0..<grid.count {
            let matchesAnything = hasFills || (0..<many.count).contains { many.isPresent($0, step) }
            guard matchesAnything else { continue }
            for number in doubled {
                let present = rows[number].filter { one.isPresent($0, step) }
                if present.count > 1 { throw duplicate(present[0], present[1], one, number, signatures) }
            }
        }
    }

    private func duplicate(
        _ first: Int, _ second: Int, _ one: Frame, _ number: Int, _ signatures: Signatures
    ) -> QueryError {
        let names = [one.labels.labels(first), one.labels.labels(second)].map(\.text)
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let side = isSwapped ? "left" : "right"
        return .execution(
            "found duplicate series for the match group \(signatures.labels(number).text) on the \(side) hand-side of the operation: [\(names[0]), \(names[1])];many-to-many matching not allowed: matching labels must be unique on one side"
        )
    }

    /// The rows of the "one" side that share a row's signature never overlap, so each cell meets one of them at most.
    private func meet(
        _ row: Int, _ many: Frame, _ partners: [Int], _ one: Frame, _ number: Int, _ signatures: Signatures,
        _ output: inout Output
    ) throws(QueryError) {
        for partner in partners {
            let labels = resultLabels(many.labels.labels(row), one.labels.labels(partner))
            let place = output.row(labels, dropsName: plan.returnsBool)
            if many.histograms[row] == nil, one.histograms[partner] == nil, !isTrim {
                try output.addFloats(
                    place, number, left: (many, row), right: (one, partner), element, isSwapped: isSwapped)
            } else {
                for step in 0..<grid.count {
                    guard let left = many.point(row, step), let right = one.point(partner, step) else { continue }
                    try apply(left, right, place, step, number, &output)
                }
            }
        }
        guard let fill = matching.fillRight else { return }
        var place: Int?
        for step in 0..<grid.count where !partners.contains(where: { one.isPresent($0, step) }) {
            guard let left = many.point(row, step) else { continue }
            if place == nil {
                place = output.row(
                    resultLabels(many.labels.labels(row), signatures.labels(number)), dropsName: plan.returnsBool)
            }
            try apply(left, .float(fill), place!, step, number, &output)
        }
    }

    private var isTrim: Bool { plan.operation == .trimLower || plan.operation == .trimUpper }

    /// A row of the "one" side that nothing met, with a value in place of the other side.
    private func fillMany(
        _ row: Int, _ one: Frame, _ partners: [Int], _ many: Frame, _ fill: Double, _ number: Int,
        _ signatures: Signatures, _ output: inout Output
    ) throws(QueryError) {
        var place: Int?
        for step in 0..<grid.count where !partners.contains(where: { many.isPresent($0, step) }) {
            guard let right = one.point(row, step) else { continue }
            if place == nil {
                place = output.row(
                    resultLabels(signatures.labels(number), one.labels.labels(row)), dropsName: plan.returnsBool)
            }
            try apply(.float(fill), right, place!, step, number, &output)
        }
    }

    private func apply(
        _ many: Point, _ one: Point, _ place: Int, _ step: Int, _ number: Int, _ output: inout Output
    ) throws(QueryError) {
        let outcome =
            isSwapped
            ? element.apply(one, many, &evaluator.annotations) : element.apply(many, one, &evaluator.annotations)
        switch outcome {
        case .impossible: return
        case .failedComparison:
            try output.mark(place, step, number)
            if plan.returnsBool { output.frame.set(.float(0), row: place, step: step) }
        case .kept(let point):
            try output.mark(place, step, number)
            output.frame.set(plan.returnsBool ? .float(1) : point, row: place, step: step)
        }
    }

    private func resultLabels(_ many: Labels, _ one: Labels) -> Labels {
        var builder = LabelsBuilder(many)
        let dropsName =
            plan.operation.changesMeaning
            || plan.returnsBool && !evaluator.run.options.features.delayedNameRemoval
        if dropsName { for name in [Labels.metricName, "__type__", "__unit__"] { builder.remove(name) } }
        if isOneToOne {
            if matching.isOn {
                for pair in many.pairs where !matching.labels.contains(pair.name) { builder.remove(pair.name) }
            } else {
                for name in matching.labels { builder.remove(name) }
            }
        }
        for name in matching.include { builder.set(name, one[name]) }
        return builder.labels()
    }

    /// The result so far, and which of its cells were matched, kept or not.
    private struct Output {
        var frame: Frame
        /// Where two meetings would be one too many.
        enum Meetings {
            /// One-to-one, where each of so many signatures has rows that do not overlap.
            case bySignature(Int)
            /// One-to-one, where each signature has one row on each side.
            case bySignatureOnce
            /// In each row of the result.
            case byRow
        }

        private let meetings: Meetings
        private var table = LabelTable()
        /// For each cell the signature that matched there, plus 1.
        private var matched: [Int32] = []
        /// A cell for each signature and instant: whether it has matched.
        private var matchedSignatures: [Bool] = []

        init(grid: Grid, _ meetings: Meetings) {
            frame = Frame(grid: grid)
            self.meetings = meetings
            if case .bySignature(let count) = meetings {
                matchedSignatures = [Bool](repeating: false, count: count * grid.count)
            }
        }

        mutating func row(_ labels: Labels, dropsName: Bool) -> Int {
            let number = table.number(of: labels.bytes.span, hash: labels.hash)
            if number == frame.count {
                frame.appendEmptyRow(labels, dropsName: dropsName)
                matched.append(contentsOf: repeatElement(0, count: frame.grid.count))
            }
            return number
        }

        /// Notes that two samples met, and refuses a second meeting that would make the same result.
        mutating func mark(_ row: Int, _ step: Int, _ number: Int) throws(QueryError) {
            let cell = row * frame.grid.count + step
            let signature = Int32(truncatingIfNeeded: number) + 1
            switch meetings {
            case .bySignatureOnce: break
            case .bySignature:
                if matchedSignatures[number * frame.grid.count + step] {
                    throw .execution(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")
                }
                matchedSignatures[number * frame.grid.count + step] = true
            case .byRow:
                if matched[cell] == signature {
                    throw .execution("multiple matches for labels: grouping labels must ensure unique matches")
                }
            }
            if matched[cell] != 0, frame.isPresent(row, step) { throw .sameLabels }
            matched[cell] = signature
        }

        mutating func addFloats(
            _ place: Int, _ number: Int, left: (frame: Frame, row: Int), right: (frame: Frame, row: Int),
            _ element: ElementOperation, isSwapped: Bool
        ) throws(QueryError) {
            let steps = frame.grid.count
            let first = isSwapped ? right : left
            let second = isSwapped ? left : right
            var values = Array(first.frame.values[first.frame.cells(first.row)])
            element.apply(
                &values, 0..<steps, second.frame.values.span, from: second.frame.cells(second.row).lowerBound)
            let leftValues = left.frame.values.span.extracting(left.frame.cells(left.row))
            let rightValues = right.frame.values.span.extracting(right.frame.cells(right.row))
            for step in 0..<steps {
                if Absent.isAbsent(leftValues[step]) || Absent.isAbsent(rightValues[step]) { continue }
                try mark(place, step, number)
                if !Absent.isAbsent(values[step]) { frame.values[place * steps + step] = values[step] }
            }
        }
    }
}

extension Labels {
    /// As errors show a series: `{__name__="up", job="a"}`.
    package var text: String {
        "{" + pairs.map { Matcher($0.name, equals: $0.value).text }.joined(separator: ", ") + "}"
    }
}

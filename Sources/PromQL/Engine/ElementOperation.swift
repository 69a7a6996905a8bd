import Glibc
import Model

/// An operator between two samples, at least one of which belongs to a vector.
struct ElementOperation: Sendable {
    let operation: BinaryOperator
    let returnsBool: Bool
    let position: PositionRange

    /// Cells with a column of numbers on the right; comparisons keep or drop the cell.
    func apply(_ values: inout [Double], _ cells: Range<Int>, _ right: [Double]) {
        let base = cells.lowerBound
        loop(&values, cells) { value, cell in (value, right[cell - base]) }
    }

    /// With the column on the left; a comparison keeps the vector's value all the same.
    func applySwapped(_ values: inout [Double], _ cells: Range<Int>, _ left: [Double]) {
        let base = cells.lowerBound
        if operation.isComparison, !returnsBool {
            for cell in cells {
                let value = values[cell]
                if Absent.isAbsent(value) { continue }
                if ScalarOperation.apply(operation, left[cell - base], value) == 0 { values[cell] = Absent.value }
            }
        } else {
            loop(&values, cells) { value, cell in (left[cell - base], value) }
        }
    }

    /// Cells with the cells of another row on the right. What either side lacks is absent.
    func apply(_ values: inout [Double], _ cells: Range<Int>, _ right: Span<Double>, from start: Int) {
        let shift = start - cells.lowerBound
        for cell in cells where Absent.isAbsent(right[cell + shift]) { values[cell] = Absent.value }
        loop(&values, cells) { value, cell in (value, right[cell + shift]) }
    }

    /// The operator is chosen outside of the loop.
    @inline(__always)
    private func loop(
        _ values: inout [Double], _ cells: Range<Int>, _ operands: (Double, Int) -> (Double, Double)
    ) {
        switch operation {
        case .add: each(&values, cells, operands) { $0 + $1 }
        case .subtract: each(&values, cells, operands) { $0 - $1 }
        case .multiply: each(&values, cells, operands) { $0 * $1 }
        case .divide: each(&values, cells, operands) { $0 / $1 }
        case .modulo: each(&values, cells, operands) { fmod($0, $1) }
        case .power: each(&values, cells, operands) { pow($0, $1) }
        case .atan2: each(&values, cells, operands) { Glibc.atan2($0, $1) }
        case .equal: compare(&values, cells, operands) { $0 == $1 }
        case .notEqual: compare(&values, cells, operands) { $0 != $1 }
        case .greater: compare(&values, cells, operands) { $0 > $1 }
        case .less: compare(&values, cells, operands) { $0 < $1 }
        case .greaterOrEqual: compare(&values, cells, operands) { $0 >= $1 }
        case .lessOrEqual: compare(&values, cells, operands) { $0 <= $1 }
        case .trimUpper, .trimLower, .and, .or, .unless: each(&values, cells, operands) { _, _ in Absent.value }
        }
    }

    @inline(__always)
    private func each(
        _ values: inout [Double], _ cells: Range<Int>, _ operands: (Double, Int) -> (Double, Double),
        _ result: (Double, Double) -> Double
    ) {
        for cell in cells {
            let value = values[cell]
            if Absent.isAbsent(value) { continue }
            let (left, right) = operands(value, cell)
            values[cell] = result(left, right)
        }
    }

    @inline(__always)
    private func compare(
        _ values: inout [Double], _ cells: Range<Int>, _ operands: (Double, Int) -> (Double, Double),
        _ holds: (Double, Double) -> Bool
    ) {
        let isBool = returnsBool
        for cell in cells {
            let value = values[cell]
            if Absent.isAbsent(value) { continue }
            let (left, right) = operands(value, cell)
            let result = holds(left, right)
            values[cell] = isBool ? (result ? 1 : 0) : result ? left : Absent.value
        }
    }

    // Histograms

    /// What two samples make: the point that is kept, or nil where a comparison fails.
    enum Outcome {
        case kept(Point)
        case failedComparison
        /// The operator makes no sense of these samples, which was noted.
        case impossible
    }

    private func incompatible(_ left: Point, _ right: Point) -> Annotation {
        .incompatibleTypes(left.kindName, operation, right.kindName, position)
    }

    func apply(_ left: Point, _ right: Point, _ annotations: inout Annotations) -> Outcome {
        switch (left, right) {
        case (.float(let a), .float(let b)):
            if operation == .trimUpper || operation == .trimLower {
                annotations.add(incompatible(left, right))
                return .impossible
            }
            let result = ScalarOperation.apply(operation, a, b)
            guard operation.isComparison else { return .kept(.float(result)) }
            return result != 0 ? .kept(left) : .failedComparison
        case (.float(let factor), .histogram(let histogram)):
            if operation == .multiply { return .kept(.histogram(histogram.multiplied(by: factor).compacted())) }
        case (.histogram(let histogram), .float(let number)):
            switch operation {
            case .multiply: return .kept(.histogram(histogram.multiplied(by: number).compacted()))
            case .divide: return .kept(.histogram(histogram.divided(by: number).compacted()))
            case .trimUpper, .trimLower:
                var trimmed = histogram
                trimmed.trim(operation == .trimUpper ? .upper : .lower, at: number)
                return .kept(.histogram(trimmed))
            default: break
            }
        case (.histogram(let a), .histogram(let b)):
            if let outcome = apply(a, b, &annotations) { return outcome }
        }
        annotations.add(incompatible(left, right))
        return .impossible
    }

    /// Nil where the operator does not go between histograms.
    private func apply(
        _ a: FloatHistogram, _ b: FloatHistogram, _ annotations: inout Annotations
    ) -> Outcome? {
        switch operation {
        case .equal: return a.isIdentical(to: b) ? .kept(.histogram(a)) : .failedComparison
        case .notEqual: return a.isIdentical(to: b) ? .failedComparison : .kept(.histogram(a))
        case .add, .subtract: break
        default: return nil
        }
        let name = operation == .add ? "addition" : "subtraction"
        var result = a
        do throws(IncompatibleHistograms) {
            let outcome = operation == .add ? try result.add(b) : try result.subtract(b)
            if operation == .subtract { result.hint = .gauge }
            if outcome.boundsDiffered { annotations.add(.boundsReconciled(during: name, position)) }
            if outcome.hintsCollide {
                annotations.add(.resetCollision(during: name, position))
                return .impossible
            }
            return .kept(.histogram(result.compacted()))
        } catch {
            annotations.add(.incompatibleBuckets(operation, position))
            return .impossible
        }
    }

    /// A row that holds histograms, with a column of numbers.
    func apply(
        _ frame: inout Frame, _ row: Int, _ column: [Double], swapped: Bool, _ annotations: inout Annotations
    ) {
        for step in 0..<frame.grid.count {
            guard let point = frame.point(row, step) else { continue }
            let number = Point.float(column[step])
            let outcome = swapped ? apply(number, point, &annotations) : apply(point, number, &annotations)
            let result: Point? =
                switch outcome {
                case .impossible: nil
                case .failedComparison: returnsBool ? .float(0) : nil
                case .kept(let kept): returnsBool ? .float(1) : operation.isComparison && swapped ? point : kept
                }
            frame.set(result, row: row, step: step)
        }
    }
}

extension Point {
    var kindName: String {
        switch self {
        case .float: "float"
        case .histogram: "histogram"
        }
    }
}

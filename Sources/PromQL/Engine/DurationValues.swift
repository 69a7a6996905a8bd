import Glibc

/// Evaluates durations that depend on the query's step and range.
struct DurationValues {
    let times: QueryTimes

    func milliseconds(_ expression: DurationExpression, mayBeNegative: Bool) throws(QueryError) -> Int64 {
        let seconds = try seconds(expression)
        let place = "\(expression.position.start):\(expression.position.end)"
        if !seconds.isFinite { throw .execution("\(place): duration is NaN or infinite") }
        if seconds <= 0, !mayBeNegative { throw .execution("\(place): duration must be greater than 0") }
        if seconds.magnitude > 0x1p63 / 1e9 { throw .execution("\(place): duration is out of range") }
        return Int64(seconds * 1000)
    }

    private func seconds(_ expression: DurationExpression) throws(QueryError) -> Double {
        switch expression.form {
        case .number(let literal): return literal.value
        case .step: return Double(times.stepMs) / 1000
        case .range: return Double(times.rangeMs) / 1000
        case .minimum(let a, let b): return MathFunctions.smaller(try seconds(a), try seconds(b))
        case .maximum(let a, let b): return MathFunctions.larger(try seconds(a), try seconds(b))
        case .negated(let operand): return -(try seconds(operand))
        case .parenthesised(let inner): return try seconds(inner)
        case .binary(let operation, let a, let b):
            return try combine(operation, try seconds(a), try seconds(b), at: expression.position)
        }
    }

    private func combine(
        _ operation: BinaryOperator, _ a: Double, _ b: Double, at position: PositionRange
    ) throws(QueryError) -> Double {
        if b == 0, operation == .divide || operation == .modulo {
            let name = operation == .divide ? "division" : "modulo"
            throw .execution("\(position.start):\(position.end): \(name) by zero")
        }
        return ScalarOperation.apply(operation, a, b)
    }
}

/// Operators between two numbers.
enum ScalarOperation {
    static func apply(_ operation: BinaryOperator, _ a: Double, _ b: Double) -> Double {
        switch operation {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .modulo: fmod(a, b)
        case .power: pow(a, b)
        case .atan2: Glibc.atan2(a, b)
        case .equal: a == b ? 1 : 0
        case .notEqual: a != b ? 1 : 0
        case .greater: a > b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .and, .or, .unless, .trimLower, .trimUpper:
            preconditionFailure("BUG: operator \(operation.rawValue) between numbers")
        }
    }
}

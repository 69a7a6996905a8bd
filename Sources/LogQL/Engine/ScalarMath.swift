import Glibc

/// Operators on two numbers.
enum ScalarMath {
    static func value(_ operation: BinaryOperation.Operator, _ a: Double, _ b: Double) -> Double {
        switch operation {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        // As in Loki, which spares its users infinities.
        case .divide: b == 0 ? .nan : a / b
        case .modulo: b == 0 ? .nan : fmod(a, b)
        case .power: pow(a, b)
        default: preconditionFailure("BUG: \(operation.rawValue) gives no number")
        }
    }

    static func holds(_ operation: BinaryOperation.Operator, _ a: Double, _ b: Double) -> Bool {
        switch operation {
        case .equal: a == b
        case .notEqual: a != b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        case .less: a < b
        case .lessOrEqual: a <= b
        default: preconditionFailure("BUG: \(operation.rawValue) compares nothing")
        }
    }
}

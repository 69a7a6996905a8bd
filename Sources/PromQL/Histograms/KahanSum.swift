/// A sum with Neumaier's correction: what rounding loses is collected beside it.
struct KahanSum: Sendable {
    var sum = 0.0
    var correction = 0.0

    init(_ sum: Double = 0, correction: Double = 0) {
        self.sum = sum
        self.correction = correction
    }

    @inline(__always)
    mutating func add(_ value: Double) {
        let total = sum + value
        if total.isInfinite {
            correction = 0
        } else if sum.magnitude >= value.magnitude {
            correction += (sum - total) + value
        } else {
            correction += (value - total) + sum
        }
        sum = total
    }

    /// Adds another sum with its correction.
    @inline(__always)
    mutating func add(_ other: KahanSum) {
        add(other.sum)
        if other.correction != 0 { add(other.correction) }
    }

    @inline(__always)
    var value: Double { sum.isInfinite ? sum : sum + correction }
}

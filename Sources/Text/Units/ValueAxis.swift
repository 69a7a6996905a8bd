import Encoding

/// The axis of values: round bounds around what is drawn, with round marks between them.
package struct ValueAxis: Equatable {
    /// The bounds.
    package let low: Double
    package let high: Double
    /// From the lowest to the highest.
    package let marks: [Double]
    /// Of each mark.
    package let texts: [String]

    /// - Parameters:
    ///   - values: finite ones, at least one.
    ///   - marksMax: how many marks there may be, three at least.
    package init(lowest: Double, highest: Double, unit: ValueUnit, marksMax: Int) {
        var (lowest, highest) = (lowest, highest)
        // A line that hardly leaves zero is easier to judge with zero in sight.
        if lowest > 0, lowest < highest / 2 { lowest = 0 }
        if highest < 0, highest > lowest / 2 { highest = 0 }
        if lowest == highest { (lowest, highest) = Self.around(lowest) }
        let (factor, name) = unit.scale(for: max(lowest.magnitude, highest.magnitude))
        let step = Self.step(lowest / factor, highest / factor, max(3, marksMax))
        let first = (lowest / factor / step).rounded(.down)
        let last = (highest / factor / step).rounded(.up)
        let decimals = max(0, -Int(Self.log10(step).rounded(.down)))
        let scaled = stride(from: first, through: last, by: 1).map { $0 * step }
        marks = scaled.map { $0 * factor }
        low = first * step * factor
        high = last * step * factor
        texts = scaled.map { FloatText.fixed($0 == 0 ? 0 : $0, decimals: decimals) + name }
    }

    private static func around(_ value: Double) -> (Double, Double) {
        if value == 0 { return (0, 1) }
        return value > 0 ? (0, value) : (value, 0)
    }

    /// 1, 2 or 5 times a power of ten, the least that has no more than `marksMax` marks.
    private static func step(_ lowest: Double, _ highest: Double, _ marksMax: Int) -> Double {
        var power = pow10(Int(log10((highest - lowest) / Double(marksMax)).rounded(.down)))
        while true {
            for digit in [1.0, 2, 5] {
                let step = digit * power
                let marks = (highest / step).rounded(.up) - (lowest / step).rounded(.down) + 1
                if marks <= Double(marksMax) { return step }
            }
            power *= 10
        }
    }

    private static func log10(_ value: Double) -> Double {
        var exponent = 0.0
        var value = value
        while value >= 10 { (value, exponent) = (value / 10, exponent + 1) }
        while value < 1 { (value, exponent) = (value * 10, exponent - 1) }
        return exponent
    }

    private static func pow10(_ exponent: Int) -> Double {
        (0..<exponent.magnitude).reduce(1.0) { value, _ in exponent < 0 ? value / 10 : value * 10 }
    }
}

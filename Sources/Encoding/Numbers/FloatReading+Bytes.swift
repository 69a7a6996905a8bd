/// Numbers in the middle of a text, read without making a string of them where that is exact.
extension FloatReading {
    /// The decimal number at `start` and where it ends. Nil where what stands there is no plain number of at most 19
    /// digits and a small exponent, or where rounding it takes more than machine arithmetic: then the whole token is
    /// for `float`.
    ///
    /// A mantissa below 2^53 and a power of ten up to 22 are both exact, so one operation rounds once (Clinger). Beyond,
    /// 80-bit arithmetic gives 64 bits, which are rounded a second time; that is wrong only where the eleven bits that
    /// go lie at a half, and then nil is returned.
    package static func decimal(_ bytes: Span<UInt8>, from start: Int) -> (value: Double, end: Int)? {
        var at = start
        let count = bytes.count
        var isNegative = false
        if at < count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            isNegative = bytes[at] == UInt8(ascii: "-")
            at &+= 1
        }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        let firstDigit = at
        while at < count, case let digit = bytes[at] &- 0x30, digit < 10 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            at &+= 1
        }
        digits = at &- firstDigit
        if at < count, bytes[at] == UInt8(ascii: ".") {
            at &+= 1
            let firstDecimal = at
            while at < count, case let digit = bytes[at] &- 0x30, digit < 10 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                at &+= 1
            }
            exponent = firstDecimal &- at
            digits &+= at &- firstDecimal
        }
        // Nineteen digits fit into 64 bits; leading zeros are counted too, which only makes the careful way be taken.
        guard digits > 0, digits <= 19 else { return nil }
        if at < count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            guard let (power, end) = Self.exponent(bytes, from: at &+ 1) else { return nil }
            exponent &+= power
            at = end
        }
        guard let magnitude = scaled(mantissa, exponent) else { return nil }
        return (isNegative ? -magnitude : magnitude, at)
    }

    private static func exponent(_ bytes: Span<UInt8>, from start: Int) -> (power: Int, end: Int)? {
        var at = start
        var isNegative = false
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            isNegative = bytes[at] == UInt8(ascii: "-")
            at &+= 1
        }
        let first = at
        var power = 0
        while at < bytes.count, case let digit = bytes[at] &- 0x30, digit < 10 {
            power = power &* 10 &+ Int(digit)
            at &+= 1
        }
        guard at > first, at &- first < 4 else { return nil }
        return (isNegative ? -power : power, at)
    }

    @inline(__always)
    private static func scaled(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        if exponent == 0, mantissa < 1 << 53 { return Double(mantissa) }
        if mantissa == 0 { return 0 }
        if mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
            let power = powers[abs(exponent)]
            return exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
        }
        #if arch(x86_64)
            guard exponent >= -22, exponent <= 22 else { return nil }
            let power = Float80(powers[abs(exponent)])
            let wide = exponent < 0 ? Float80(mantissa) / power : Float80(mantissa) * power
            let lost = wide.significandBitPattern & 0x7ff
            return lost >= 0x3ff && lost <= 0x401 ? nil : Double(wide)
        #else
            return nil
        #endif
    }

    /// 10^0 to 10^22, the powers of ten that a Double holds exactly.
    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}

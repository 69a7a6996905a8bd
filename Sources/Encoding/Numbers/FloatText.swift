import CDecimal

/// Doubles as text in the forms of Go's strconv and fmt, which Prometheus, its clients and its test scripts agree on.
package enum FloatText {
    /// Without an exponent, however large: `FormatFloat(v, 'f', -1, 64)`.
    package static func plain(_ value: Double) -> String {
        if let special = special(value) { return special }
        if value == value.rounded(.towardZero), value.magnitude < 9e15 {
            return value == 0 && value.sign == .minus ? "-0" : String(Int64(value))
        }
        let decimal = DecimalDigits(value)
        return plain(decimal, decimals: max(0, decimal.digits.count - decimal.point))
    }

    /// The shortest form, with an exponent below 1e-4 and from 1e6 on: `%g` and `%v`.
    package static func general(_ value: Double) -> String {
        if let special = special(value) { return special }
        let decimal = DecimalDigits(value)
        let exponent = decimal.point - 1
        if exponent < -4 || exponent >= 6 { return scientific(decimal) }
        return plain(decimal, decimals: max(0, decimal.digits.count - decimal.point))
    }

    /// With at most `significant` digits: `%.2g` for 2.
    package static func general(_ value: Double, significant: Int) -> String {
        if let special = special(value) { return special }
        var decimal = DecimalDigits(exactly: value)
        decimal.round(toDigits: significant)
        let exponent = decimal.point - 1
        if exponent < -4 || exponent >= significant { return scientific(decimal) }
        return plain(decimal, decimals: max(0, decimal.digits.count - decimal.point))
    }

    /// As Prometheus' API writes sample values: an exponent below 1e-6 and from 1e21 on.
    package static func sample(_ value: Double) -> String {
        let magnitude = value.magnitude
        if value.isFinite, magnitude != 0, magnitude < 1e-6 || magnitude >= 1e21 {
            return scientific(DecimalDigits(value))
        }
        return plain(value)
    }

    /// Appends what `sample` returns. For hot loops: the digits go straight into the buffer.
    package static func append(sample value: Double, to output: inout [UInt8]) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CDECIMAL_FIXED_MAX)) { digits in
            if let count = unsafe write(sample: value, to: digits) {
                unsafe output.append(
                    contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[..<count]))
            } else {
                output += sample(value).utf8
            }
        }
    }

    /// The most bytes that `write(sample:to:)` takes.
    static let sampleBytesMax = Int(CDECIMAL_FIXED_MAX)

    /// Writes what `sample` returns to memory for `sampleBytesMax` bytes, and returns how many that took; nil where the
    /// value is none of the usual ones and nothing was written.
    static func write(sample value: Double, to output: UnsafeMutableBufferPointer<CChar>) -> Int? {
        guard value.magnitude >= 1e-6, value.magnitude < 0x1p53 else { return nil }
        return unsafe cdecimal_fixed(value, output.baseAddress)
    }

    /// As OpenMetrics wants it: always with a point or an exponent.
    package static func openMetrics(_ value: Double) -> String {
        let text = general(value)
        let isWhole = text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...57).contains($0) }
        return isWhole ? text + ".0" : text
    }

    /// With exactly `decimals` places: `%.3f` for 3.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        if let special = special(value) { return special }
        var decimal = DecimalDigits(exactly: value)
        decimal.round(toDigits: decimal.point + decimals)
        return plain(decimal, decimals: decimals)
    }

    /// With an exponent and exactly `decimals` places: `%.3e` for 3, the shortest digits for nil.
    package static func exponential(_ value: Double, decimals: Int? = nil) -> String {
        if let special = special(value) { return special }
        guard let decimals else { return scientific(DecimalDigits(value)) }
        var decimal = DecimalDigits(exactly: value)
        decimal.round(toDigits: decimals + 1)
        return scientific(decimal, decimals: decimals)
    }

    private static func special(_ value: Double) -> String? {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return nil
    }

    private static func plain(_ decimal: DecimalDigits, decimals: Int) -> String {
        var text: [UInt8] = decimal.isNegative ? [UInt8(ascii: "-")] : []
        let isZero = decimal.digits == [0]
        let point = isZero ? 0 : decimal.point
        func digit(_ index: Int) -> UInt8 {
            let isStored = !isZero && index >= 0 && index < decimal.digits.count
            return UInt8(ascii: "0") + (isStored ? decimal.digits[index] : 0)
        }
        if point <= 0 {
            text.append(UInt8(ascii: "0"))
        } else {
            for index in 0..<point { text.append(digit(index)) }
        }
        if decimals > 0 {
            text.append(UInt8(ascii: "."))
            for place in 0..<decimals { text.append(digit(point + place)) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func scientific(_ decimal: DecimalDigits, decimals: Int = 0) -> String {
        var text: [UInt8] = decimal.isNegative ? [UInt8(ascii: "-")] : []
        text.append(UInt8(ascii: "0") + decimal.digits[0])
        if decimal.digits.count > 1 || decimals > 0 {
            text.append(UInt8(ascii: "."))
            for digit in decimal.digits.dropFirst() { text.append(UInt8(ascii: "0") + digit) }
            text += repeatElement(UInt8(ascii: "0"), count: max(0, decimals - decimal.digits.count + 1))
        }
        let exponent = decimal.point - 1
        text.append(UInt8(ascii: "e"))
        text.append(exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        if exponent.magnitude < 10 { text.append(UInt8(ascii: "0")) }
        text.append(contentsOf: String(exponent.magnitude).utf8)
        return String(decoding: text, as: UTF8.self)
    }
}

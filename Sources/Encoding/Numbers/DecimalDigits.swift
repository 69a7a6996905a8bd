/// The shortest decimal digits that read back as the same Double: value = 0.d1d2d3... * 10^point.
package struct DecimalDigits: Sendable, Equatable {
    package var isNegative: Bool
    /// Values 0...9 without leading or trailing zeros; one zero for zero.
    package var digits: [UInt8]
    /// Where the decimal point stands, counted from before the first digit.
    package var point: Int

    /// The value must be finite.
    package init(_ value: Double) {
        precondition(value.isFinite, "BUG: only finite numbers have digits")
        isNegative = value.sign == .minus
        digits = []
        point = 0
        var exponent = 0
        var sawPoint = false
        var readingExponent = false
        var exponentIsNegative = false
        for byte in value.description.utf8 {
            switch byte {
            case UInt8(ascii: "."): sawPoint = true
            case UInt8(ascii: "e"): readingExponent = true
            case UInt8(ascii: "-") where readingExponent: exponentIsNegative = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = byte - UInt8(ascii: "0")
                if readingExponent {
                    exponent = exponent * 10 + Int(digit)
                } else {
                    if digits.isEmpty, digit == 0 {
                        if sawPoint { point -= 1 }
                        continue
                    }
                    digits.append(digit)
                    if !sawPoint { point += 1 }
                }
            default: break
            }
        }
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty {
            digits = [0]
            point = 1
        } else {
            point += exponentIsNegative ? -exponent : exponent
        }
    }

    /// All digits of the number itself: what rounding to a number of places has to start from, since the shortest
    /// digits are rounded already. The value must be finite.
    package init(exactly value: Double) {
        precondition(value.isFinite, "BUG: only finite numbers have digits")
        isNegative = value.sign == .minus
        let exponent = value == 0 ? 0 : Int(value.exponent) - 52
        var mantissa = value.significandBitPattern
        if value.isNormal { mantissa |= 1 << 52 }
        let shift = value.isNormal || value == 0 ? exponent : -1074
        // Digits of 9 places each, the lowest first: m * 2^e is m * 5^-e with the point moved where e is negative.
        var limbs = [mantissa % 1_000_000_000, mantissa / 1_000_000_000]
        let (factor, count): (UInt64, Int) = shift >= 0 ? (2, shift) : (5, -shift)
        for _ in 0..<count {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let product = limbs[index] * factor + carry
                limbs[index] = product % 1_000_000_000
                carry = product / 1_000_000_000
            }
            if carry > 0 { limbs.append(carry) }
        }
        digits = []
        for limb in limbs.reversed() {
            var divisor: UInt64 = 100_000_000
            while divisor > 0 {
                digits.append(UInt8(limb / divisor % 10))
                divisor /= 10
            }
        }
        digits = Array(digits.drop { $0 == 0 })
        point = digits.count + min(0, shift)
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty {
            digits = [0]
            point = 1
        }
    }

    /// Keeps `count` digits, the last one rounded half to even.
    package mutating func round(toDigits count: Int) {
        guard count < digits.count else { return }
        guard count >= 0 else {
            digits = [0]
            point = 1
            return
        }
        let next = digits[count]
        let isTie = next == 5 && count + 1 == digits.count
        let roundsUp = isTie ? (count > 0 && digits[count - 1] % 2 == 1) : next >= 5
        digits.removeSubrange(count...)
        if roundsUp { increment() }
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        if digits.isEmpty || digits == [0] {
            digits = [0]
            point = 1
        }
    }

    private mutating func increment() {
        var index = digits.count - 1
        while index >= 0, digits[index] == 9 {
            digits[index] = 0
            index -= 1
        }
        if index >= 0 {
            digits[index] += 1
        } else {
            digits.insert(1, at: 0)
            point += 1
        }
    }
}

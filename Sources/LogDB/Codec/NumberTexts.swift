import Encoding

/// Texts of numbers that can be made again from the number alone, byte for byte. Anything else is no number here.
enum NumberTexts {
    /// More digits might not fit 64 bits.
    static let digitsMax = 18
    /// Of ten, up to that of `digitsMax`; all are exact.
    static let powers: [Double] = (0...digitsMax).reduce(into: []) { powers, _ in
        powers.append(powers.last.map { $0 * 10 } ?? 1)
    }

    /// A decimal: all digits as one integer, and how many of them stand behind the point.
    struct Decimal: Equatable {
        var mantissa: Int64
        var scale: UInt8
    }

    static func decimal(_ text: Span<UInt8>) -> Decimal? {
        let isNegative = !text.isEmpty && text[0] == UInt8(ascii: "-")
        let first = isNegative ? 1 : 0
        guard text.count > first, text.count - first <= digitsMax + 1 else { return nil }
        var mantissa: Int64 = 0
        var point = -1
        for index in first..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard point < 0, index > first else { return nil }
                point = index
            } else {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                mantissa = mantissa * 10 + Int64(byte - 0x30)
            }
        }
        let wholeEnd = point < 0 ? text.count : point
        guard wholeEnd - first == 1 || text[first] != 0x30, point != text.count - 1,
            text.count - first - (point < 0 ? 0 : 1) <= digitsMax, !isNegative || mantissa != 0
        else { return nil }
        let scale = point < 0 ? 0 : text.count - 1 - point
        return Decimal(mantissa: isNegative ? -mantissa : mantissa, scale: UInt8(scale))
    }

    static func append(_ decimal: Decimal, to output: inout [UInt8]) {
        let scale = Int(decimal.scale)
        guard scale > 0 else { return append(decimal.mantissa, digitsMin: 1, to: &output) }
        append(decimal.mantissa, digitsMin: scale + 1, to: &output)
        output.insert(UInt8(ascii: "."), at: output.count - scale)
    }

    /// A fixed number of digits, zeros in front where there are fewer.
    static func append(_ value: Int64, digitsMin: Int, to output: inout [UInt8]) {
        var text = InlineArray<24, UInt8>(repeating: 0x30)
        var left = value.magnitude
        var start = text.count
        repeat {
            start -= 1
            text[start] = 0x30 + UInt8(truncatingIfNeeded: left % 10)
            left /= 10
        } while left > 0
        start = min(start, text.count - digitsMin)
        if value < 0 {
            start -= 1
            text[start] = UInt8(ascii: "-")
        }
        output.append(text.span.extracting(start..<text.count))
    }

    /// Digits only, as many as `count`.
    static func digits(_ text: Span<UInt8>, count: Int) -> Int64? {
        guard text.count == count, count > 0, count <= digitsMax else { return nil }
        var value: Int64 = 0
        for index in text.indices {
            let byte = text[index]
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value
    }

    // MARK: addresses

    /// Four numbers without zeros in front, 0 to 255, with dots between.
    static func address(_ text: Span<UInt8>) -> UInt32? {
        guard text.count >= 7, text.count <= 15 else { return nil }
        var address: UInt32 = 0
        var (number, digits, dots) = (UInt32(0), 0, 0)
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | number
                (number, digits, dots) = (0, 0, dots + 1)
            } else {
                guard byte >= 0x30, byte <= 0x39, digits == 0 || number > 0 else { return nil }
                number = number * 10 + UInt32(byte - 0x30)
                digits += 1
                guard number <= 255 else { return nil }
            }
        }
        return digits > 0 && dots == 3 ? address << 8 | number : nil
    }

    static func append(address: UInt32, to output: inout [UInt8]) {
        var text = InlineArray<16, UInt8>(repeating: UInt8(ascii: "."))
        var end = 0
        var shift: UInt32 = 32
        while shift > 0 {
            shift -= 8
            let number = UInt8(truncatingIfNeeded: address >> shift)
            if number >= 100 {
                text[end] = 0x30 + number / 100
                end += 1
            }
            if number >= 10 {
                text[end] = 0x30 + number / 10 % 10
                end += 1
            }
            text[end] = 0x30 + number % 10
            // Behind it a point, which stands there already.
            end += 2
        }
        output.append(text.span.extracting(0..<(end - 1)))
    }

    // MARK: lower-case hexadecimal

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    static func append(hexOf byte: UInt8, to output: inout [UInt8]) {
        let (high, low) = (byte >> 4, byte & 15)
        output.append(high < 10 ? 0x30 + high : 0x57 + high)
        output.append(low < 10 ? 0x30 + low : 0x57 + low)
    }
}

/// RFC 4648, strict: no white space, no bits that decode to nothing.
package struct Base64: Sendable {
    /// With `+`, `/` and padding.
    package static let standard = Base64("+/", isPadded: true)
    /// With `-`, `_` and no padding, for URLs, file names and JSON web tokens.
    package static let url = Base64("-_", isPadded: false)

    private let digits: [UInt8]
    /// The value of each byte; 255 for those that are no digit.
    private let values: [UInt8]
    private let isPadded: Bool
    private static let pad = UInt8(ascii: "=")

    private init(_ lastDigits: String, isPadded: Bool) {
        digits = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + lastDigits).utf8)
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        self.values = values
        self.isPadded = isPadded
    }

    package func encode(_ bytes: Span<UInt8>, appendingTo text: inout [UInt8]) {
        text.append(addingCapacity: (bytes.count + 2) / 3 * 4) { output in
            var at = 0
            while at < bytes.count {
                let taken = min(3, bytes.count - at)
                var group: UInt32 = 0
                for place in 0..<taken { group |= UInt32(bytes[at + place]) << UInt32(16 - 8 * place) }
                for place in 0...taken { output.append(digits[Int(group >> UInt32(18 - 6 * place) & 63)]) }
                if isPadded { for _ in taken..<3 { output.append(Self.pad) } }
                at += taken
            }
        }
    }

    package func string(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        encode(bytes, appendingTo: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Text of the standard alphabet has to be padded; text for URLs may be.
    package func decode(_ text: Span<UInt8>) throws(DecodeError) -> [UInt8] {
        var count = text.count
        if count.isMultiple(of: 4) {
            for _ in 0..<2 where count > 0 && text[count - 1] == Self.pad { count -= 1 }
        }
        guard isPadded ? text.count.isMultiple(of: 4) : count % 4 != 1 else {
            throw DecodeError(.invalidCharacterCount(text.count), at: 0)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for index in 0..<count {
            let value = values[Int(text[index])]
            guard value < 64 else { throw DecodeError(.invalidCharacter(text[index]), at: index) }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        guard bits & (1 << bitCount - 1) == 0 else { throw DecodeError(.excessBits, at: count - 1) }
        return bytes
    }
}

/// Percent-encoded text: parts of a path, names and values of a query or a form.
package enum PercentEncoding {
    /// - Parameter plusIsSpace: in queries and forms, not in paths.
    /// - Returns: nil where a percent sign is not followed by two hexadecimal digits.
    package static func decode(_ bytes: Span<UInt8>, plusIsSpace: Bool) -> String? {
        var isPlain = true
        for index in bytes.indices where bytes[index] == 0x25 || bytes[index] == 0x2b && plusIsSpace {
            isPlain = false
            break
        }
        if isPlain { return bytes.text }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard let (byte, length) = byte(bytes, at: index, plusIsSpace: plusIsSpace) else { return nil }
            decoded.append(byte)
            index += length
        }
        return decoded.span.text
    }

    /// Whether two hexadecimal digits follow each percent sign.
    static func isDecodable(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index] == 0x25 && byte(bytes, at: index, plusIsSpace: false) == nil {
            return false
        }
        return true
    }

    /// Whether the encoded bytes mean this text, decided without making a string.
    static func equals(_ bytes: Span<UInt8>, _ text: Span<UInt8>, plusIsSpace: Bool) -> Bool {
        var index = 0
        var place = 0
        while index < bytes.count {
            guard place < text.count, let (byte, length) = byte(bytes, at: index, plusIsSpace: plusIsSpace),
                byte == text[place]
            else { return false }
            index += length
            place += 1
        }
        return place == text.count
    }

    /// Text as a name or value of a query or a form: all but letters, digits and `-._~` is encoded.
    package static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: encoded.append(byte)
            default: encoded += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    @inline(__always)
    private static func byte(
        _ bytes: Span<UInt8>, at index: Int, plusIsSpace: Bool
    ) -> (UInt8, length: Int)? {
        switch bytes[index] {
        case 0x25:
            guard index + 2 < bytes.count, let high = bytes[index + 1].hexDigit, let low = bytes[index + 2].hexDigit
            else { return nil }
            return (high << 4 | low, 3)
        case 0x2b where plusIsSpace: return (0x20, 1)
        case let byte: return (byte, 1)
        }
    }
}

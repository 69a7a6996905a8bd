/// Two digits a byte.
package enum Hexadecimal {
    /// Appends lower-case digits to `text`.
    package static func encode(_ bytes: Span<UInt8>, appendingTo text: inout [UInt8]) {
        text.append(addingCapacity: bytes.count * 2) { output in
            for index in bytes.indices {
                output.append(digit(bytes[index] >> 4))
                output.append(digit(bytes[index] & 15))
            }
        }
    }

    package static func string(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        encode(bytes, appendingTo: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Takes digits of either case.
    package static func decode(_ text: Span<UInt8>) throws(DecodeError) -> [UInt8] {
        guard text.count.isMultiple(of: 2) else {
            throw DecodeError(.invalidCharacterCount(text.count), at: 0)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for index in 0..<text.count / 2 {
            bytes.append(try value(text, 2 * index) << 4 | value(text, 2 * index + 1))
        }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    private static func value(_ text: Span<UInt8>, _ offset: Int) throws(DecodeError) -> UInt8 {
        switch text[offset] {
        case 0x30...0x39: text[offset] - 0x30
        case 0x41...0x46: text[offset] - 0x37
        case 0x61...0x66: text[offset] - 0x57
        default: throw DecodeError(.invalidCharacter(text[offset]), at: offset)
        }
    }
}

import CKernels

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

    /// Appends the bytes that a text of lower-case digits stands for; false, with nothing appended, where it is none.
    package static func append(lowerCase text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        guard text.count & 1 == 0 else { return false }
        if text.isEmpty { return true }
        var isHex = false
        // Sixteen digits at a time are stored as eight bytes, never more than there are.
        bytes.append(addingCapacity: text.count / 2) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, count in
                isHex = unsafe text.withUnsafeBufferPointer { text in
                    unsafe ckernels_hex_bytes(text.baseAddress, text.count, buffer.baseAddress)
                }
                count = isHex ? text.count / 2 : 0
            }
        }
        return isHex
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

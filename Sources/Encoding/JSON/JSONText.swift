import CDecimal
import CKernels

/// Strings and numbers of JSON as bytes, in both directions.
package enum JSONText {
    /// What stands for a number that JSON cannot write.
    package enum NonFinite: Sendable {
        case null
        /// `"NaN"`, `"Infinity"` and `"-Infinity"` in quotes, as protobuf's JSON mapping has it.
        case text
    }

    /// The text between the quotes of a string. A surrogate without its partner becomes U+FFFD.
    package static func string(_ bytes: Span<UInt8>, hasEscapes: Bool) -> String {
        guard hasEscapes else {
            return unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
        var output: [UInt8] = []
        unescape(bytes, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends what the text between the quotes of a string stands for. A malformed escape is kept as it is.
    package static func unescape(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                output.append(byte)
                index += 1
                continue
            }
            if bytes[index + 1] == UInt8(ascii: "u"), let (scalar, length) = scalar(bytes, at: index) {
                output += UTF8.encode(scalar).map(Array.init) ?? []
                index += length
            } else {
                if simpleEscape(bytes[index + 1]) == nil { output.append(byte) }
                output.append(simpleEscape(bytes[index + 1]) ?? bytes[index + 1])
                index += 2
            }
        }
    }

    /// Appends `text` as a string in quotes. Bytes that are not UTF-8 become U+FFFD.
    package static func append(string text: Span<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        if appendEscaped(text, to: &output) {
            output.append(UInt8(ascii: "\""))
            return
        }
        let repaired = Array(string(text, hasEscapes: false).utf8)
        _ = appendEscaped(repaired.span, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    package static func append(string text: String, to output: inout [UInt8]) {
        var text = text
        text.makeContiguousUTF8()
        output.append(UInt8(ascii: "\""))
        appendRuns(text.utf8.span, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    /// Appends the shortest digits that read back as the same number.
    package static func append(number: Double, nonFinite: NonFinite = .null, to output: inout [UInt8]) {
        if number.isFinite {
            output += number.description.utf8
        } else if nonFinite == .null {
            output += "null".utf8
        } else {
            output += (number.isNaN ? "\"NaN\"" : number < 0 ? "\"-Infinity\"" : "\"Infinity\"").utf8
        }
    }

    package static func append(number: Int, to output: inout [UInt8]) {
        if number < 0 { output.append(UInt8(ascii: "-")) }
        append(number: UInt64(number.magnitude), to: &output)
    }

    package static func append(number: UInt64, to output: inout [UInt8]) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CDECIMAL_WHOLE_MAX)) { digits in
            let count = unsafe cdecimal_whole(number, digits.baseAddress)
            unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[..<count]))
        }
    }

    static func hexValue(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(digit - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

extension JSONText {
    private static func simpleEscape(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The character of `\uXXXX` or of a pair of surrogates, and how many bytes that takes.
    private static func scalar(_ bytes: Span<UInt8>, at index: Int) -> (Unicode.Scalar, Int)? {
        guard let unit = unit(bytes, at: index) else { return nil }
        if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
        if unit < 0xdc00, let low = self.unit(bytes, at: index + 6), 0xdc00...0xdfff ~= low,
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
        {
            return (scalar, 12)
        }
        return ("\u{fffd}", 6)
    }

    private static func unit(_ bytes: Span<UInt8>, at index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for place in index + 2..<index + 6 {
            guard let digit = hexValue(bytes[place]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// False, with nothing appended, where the text is not UTF-8.
    private static func appendEscaped(_ text: Span<UInt8>, to output: inout [UInt8]) -> Bool {
        guard UTF8Check.isValid(text) else { return false }
        appendRuns(text, to: &output)
        return true
    }

    /// Copies runs without a byte to escape at once: most strings are one run.
    private static func appendRuns(_ text: Span<UInt8>, to output: inout [UInt8]) {
        unsafe text.withUnsafeBufferPointer { bytes in
            guard let first = bytes.baseAddress else { return }
            var start = 0
            while start < bytes.count {
                let end = unsafe ckernels_json_escape_stop(first, start, bytes.count)
                unsafe output.append(contentsOf: bytes[start..<end])
                guard end < bytes.count else { return }
                unsafe appendEscape(of: bytes[end], to: &output)
                start = end + 1
            }
        }
    }

    private static func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0a: output.append(UInt8(ascii: "n"))
        case 0x0c: output.append(UInt8(ascii: "f"))
        case 0x0d: output.append(UInt8(ascii: "r"))
        default:
            output += "u00".utf8
            output.append(UInt8(ascii: "0") + byte >> 4)
            let low = byte & 15
            output.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
}

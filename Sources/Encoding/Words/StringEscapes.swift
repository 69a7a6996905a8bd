/// The inside of a quoted string as Go, PromQL and Go's templates have it: escapes between double or single quotes, none
/// in backticks.
package enum StringEscapes {
    package struct Failure: Error {
        package let message: String
    }

    /// The bytes that a quoted string stands for.
    package static func resolve(_ quoted: String) throws(Failure) -> [UInt8] {
        let bytes = Array(quoted.utf8)
        guard bytes.count >= 2, bytes.first == bytes.last, let quote = bytes.first else {
            throw Failure(message: "invalid syntax")
        }
        let inside = bytes[1..<(bytes.count - 1)]
        guard quote != UInt8(ascii: "`"), inside.contains(UInt8(ascii: "\\")) else {
            return Array(inside)
        }
        var resolved: [UInt8] = []
        var rest = inside
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") {
                try escape(&rest, quote: quote, into: &resolved)
            } else {
                resolved.append(byte)
            }
        }
        return resolved
    }

    private static func escape(
        _ rest: inout ArraySlice<UInt8>, quote: UInt8, into resolved: inout [UInt8]
    ) throws(Failure) {
        guard let letter = rest.popFirst() else { throw Failure(message: "escape sequence not terminated") }
        switch letter {
        case UInt8(ascii: "a"): resolved.append(7)
        case UInt8(ascii: "b"): resolved.append(8)
        case UInt8(ascii: "f"): resolved.append(12)
        case UInt8(ascii: "n"): resolved.append(10)
        case UInt8(ascii: "r"): resolved.append(13)
        case UInt8(ascii: "t"): resolved.append(9)
        case UInt8(ascii: "v"): resolved.append(11)
        case UInt8(ascii: "\\"), quote: resolved.append(letter)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            let value = Int(letter - UInt8(ascii: "0")) * 64 + (try number(&rest, digits: 2, radix: 8))
            guard value < 256 else { throw Failure(message: "escape sequence is an invalid Unicode code point") }
            resolved.append(UInt8(value))
        case UInt8(ascii: "x"): resolved.append(UInt8(try number(&rest, digits: 2, radix: 16)))
        case UInt8(ascii: "u"): try append(number(&rest, digits: 4, radix: 16), to: &resolved)
        case UInt8(ascii: "U"): try append(number(&rest, digits: 8, radix: 16), to: &resolved)
        default:
            throw Failure(message: "unknown escape sequence '\\\(String(UnicodeScalar(letter)))'")
        }
    }

    private static func number(
        _ rest: inout ArraySlice<UInt8>, digits: Int, radix: Int
    ) throws(Failure) -> Int {
        let text = String(decoding: rest.prefix(digits), as: UTF8.self)
        guard text.utf8.count == digits, text.utf8.allSatisfy({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }),
            let value = Int(text, radix: radix)
        else { throw Failure(message: "illegal character in escape sequence") }
        rest = rest.dropFirst(digits)
        return value
    }

    private static func append(_ value: Int, to resolved: inout [UInt8]) throws(Failure) {
        guard let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init) else {
            throw Failure(message: "escape sequence is an invalid Unicode code point")
        }
        resolved.append(contentsOf: String(Character(scalar)).utf8)
    }
}

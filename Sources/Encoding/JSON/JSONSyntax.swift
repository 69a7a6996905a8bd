/// Checks that bytes are one JSON text by RFC 8259, without building anything.
package enum JSONSyntax {
    package static let depthMax = 100

    /// Throws for the first byte that cannot be. Values nested deeper than `depthMax` are refused, and so is text
    /// that is not UTF-8.
    package static func check(
        _ bytes: Span<UInt8>, depthMax: Int = JSONSyntax.depthMax
    ) throws(JSONError) {
        if let offset = UTF8Check.firstInvalidOffset(bytes) {
            throw JSONError("the text is not UTF-8", at: offset, in: bytes)
        }
        var checker = Checker(bytes: bytes, depthMax: depthMax)
        if let problem = checker.text() { throw JSONError(problem, at: checker.index, in: bytes) }
    }
}

/// Walks the grammar; each function returns what is wrong at `index`, or nil.
private struct Checker: ~Escapable {
    let bytes: Span<UInt8>
    let depthMax: Int
    var index = 0

    @_lifetime(copy bytes)
    init(bytes: Span<UInt8>, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func text() -> String? {
        if let problem = value(depth: 0) { return problem }
        return index == bytes.count ? nil : "something follows the end of the value"
    }

    /// A value with the white space around it.
    private mutating func value(depth: Int) -> String? {
        skipWhiteSpace()
        let problem: String?
        switch current {
        case UInt8(ascii: "{"): problem = depth < depthMax ? object(depth: depth + 1) : tooDeep
        case UInt8(ascii: "["): problem = depth < depthMax ? array(depth: depth + 1) : tooDeep
        case UInt8(ascii: "\""): problem = string()
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): problem = number()
        case UInt8(ascii: "t"): problem = word("true")
        case UInt8(ascii: "f"): problem = word("false")
        case UInt8(ascii: "n"): problem = word("null")
        case nil: problem = "the text ends where a value should be"
        default: problem = "a value cannot begin with this byte"
        }
        if problem == nil { skipWhiteSpace() }
        return problem
    }

    private var tooDeep: String { "values are nested more than \(depthMax) levels deep" }

    private mutating func object(depth: Int) -> String? {
        index += 1
        skipWhiteSpace()
        if take("}") { return nil }
        repeat {
            skipWhiteSpace()
            guard current == UInt8(ascii: "\"") else { return "a name in double quotes is missing" }
            if let problem = string() { return problem }
            skipWhiteSpace()
            guard take(":") else { return "`:` is missing" }
            if let problem = value(depth: depth) { return problem }
        } while take(",")
        return take("}") ? nil : "`,` or `}` is missing"
    }

    private mutating func array(depth: Int) -> String? {
        index += 1
        skipWhiteSpace()
        if take("]") { return nil }
        repeat {
            if let problem = value(depth: depth) { return problem }
        } while take(",")
        return take("]") ? nil : "`,` or `]` is missing"
    }

    private mutating func string() -> String? {
        index += 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return nil
            case UInt8(ascii: "\\"):
                if let problem = escape() { return problem }
            case 0..<0x20: return "a control character has to be escaped"
            default: index += 1
            }
        }
        return "a string has no end"
    }

    private mutating func escape() -> String? {
        index += 1
        guard let byte = current else { return "a string has no end" }
        switch byte {
        case UInt8(ascii: "u"):
            index += 1
            for _ in 0..<4 {
                guard let digit = current, JSONText.hexValue(digit) != nil else { return "\\u takes four hex digits" }
                index += 1
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 1
        default: return "an unknown escape"
        }
        return nil
    }

    private mutating func number() -> String? {
        _ = take("-")
        if !take("0"), !digits() { return "a digit is missing" }
        if take("."), !digits() { return "a digit is missing" }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            if !digits() { return "a digit is missing" }
        }
        return nil
    }

    private mutating func digits() -> Bool {
        let start = index
        while let byte = current, Self.isDigit(byte) { index += 1 }
        return index > start
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private mutating func word(_ word: StaticString) -> String? {
        let start = index
        for offset in 0..<word.utf8CodeUnitCount {
            guard unsafe current == word.utf8Start[offset] else {
                index = start
                return "a value cannot begin with this byte"
            }
            index += 1
        }
        return nil
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: byte) else { return false }
        index += 1
        return true
    }

    private mutating func skipWhiteSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
    }
}

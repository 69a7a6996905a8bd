/// Walks one JSON text from front to back without building a tree: for answers too large for `JSONValue`.
///
/// The text is checked whole at the beginning, so walking cannot fail; a value of another kind than the one asked for is
/// passed and comes back as nil. Each value has to be read or skipped once, in the order of the text.
package struct JSONReader: ~Escapable {
    package enum Kind: Sendable {
        case object, array, string, number, bool, null
    }

    private let bytes: Span<UInt8>
    private var index = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, depthMax: Int = JSONSyntax.depthMax) throws(JSONError) {
        try JSONSyntax.check(bytes, depthMax: depthMax)
        self.bytes = bytes
        skipWhiteSpace()
    }

    /// Of the value that comes next.
    package var kind: Kind {
        switch bytes[index] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// Goes into the object or array that comes next; false, with the value passed, where it is something else.
    package mutating func enter(_ wanted: Kind) -> Bool {
        guard kind == wanted else {
            skip()
            return false
        }
        index += 1
        skipWhiteSpace()
        return true
    }

    /// Whether the array that was entered has one more element, which then comes next; leaves the array otherwise.
    package mutating func nextElement() -> Bool {
        if bytes[index] == UInt8(ascii: ",") { pass(1) }
        if bytes[index] != UInt8(ascii: "]") { return true }
        pass(1)
        return false
    }

    /// The name of one more member of the object that was entered, whose value then comes next; leaves the object and
    /// returns nil otherwise.
    package mutating func nextMember() -> String? {
        if bytes[index] == UInt8(ascii: ",") { pass(1) }
        guard bytes[index] != UInt8(ascii: "}") else {
            pass(1)
            return nil
        }
        let name = readString()
        pass(1)
        return name
    }

    package mutating func string() -> String? {
        if kind == .string { return readString() }
        skip()
        return nil
    }

    /// The digits as they were written.
    package mutating func number() -> String? {
        guard kind == .number else {
            skip()
            return nil
        }
        let start = index
        while index < bytes.count, Self.isPartOfNumber(bytes[index]) { index += 1 }
        defer { skipWhiteSpace() }
        return JSONText.string(bytes.extracting(start..<index), hasEscapes: false)
    }

    package mutating func bool() -> Bool? {
        guard kind == .bool else {
            skip()
            return nil
        }
        let isTrue = bytes[index] == UInt8(ascii: "t")
        pass(isTrue ? 4 : 5)
        return isTrue
    }

    /// Passes the value that comes next with everything in it.
    package mutating func skip() {
        switch kind {
        case .string: _ = passString()
        case .number: _ = number()
        case .bool: _ = bool()
        case .null: pass(4)
        case .array:
            _ = enter(.array)
            while nextElement() { skip() }
        case .object:
            _ = enter(.object)
            while nextMember() != nil { skip() }
        }
    }

    private mutating func readString() -> String {
        let (range, hasEscapes) = passString()
        return JSONText.string(bytes.extracting(range), hasEscapes: hasEscapes)
    }

    private mutating func passString() -> (Range<Int>, hasEscapes: Bool) {
        let start = index + 1
        index = start
        var hasEscapes = false
        while bytes[index] != UInt8(ascii: "\"") {
            let isEscape = bytes[index] == UInt8(ascii: "\\")
            if isEscape { hasEscapes = true }
            index += isEscape ? 2 : 1
        }
        let range = start..<index
        pass(1)
        return (range, hasEscapes)
    }

    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// Passes bytes and the white space behind them.
    private mutating func pass(_ count: Int) {
        index += count
        skipWhiteSpace()
    }

    private mutating func skipWhiteSpace() {
        while index < bytes.count, bytes[index] <= 0x20 { index += 1 }
    }
}

/// A JSON text as a tree. For bodies of requests and small files; log lines go through `JSONFields`.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number as it was written: no digit is lost, however large it is.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// All members in order of the text, repeated names included.
    case object([JSONMember])
}

package struct JSONMember: Hashable, Sendable {
    package let name: String
    package let value: JSONValue

    package init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }
}

extension JSONValue {
    /// Parses one JSON text by RFC 8259. The tree takes up to about thirty times the memory of the text, so the
    /// caller bounds the text.
    package static func parse(
        _ bytes: Span<UInt8>, depthMax: Int = JSONSyntax.depthMax
    ) throws(JSONError) -> JSONValue {
        try JSONSyntax.check(bytes, depthMax: depthMax)
        var builder = JSONTreeBuilder(bytes: bytes)
        return builder.value()
    }

    /// The last member of that name, as Go's decoder has it.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }

    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    package var elements: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

    package var members: [JSONMember]? { if case .object(let members) = self { members } else { nil } }

    package var isNull: Bool { self == .null }

    /// Nil where the number is beyond what a double can hold.
    package var double: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Nil where the number has a fraction or is beyond 64 bits; `1e3` and `5.0` are whole.
    package var int: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text) ?? double.flatMap(Int.init(exactly:))
    }

    package var unsigned: UInt64? {
        guard case .number(let text) = self else { return nil }
        return UInt64(text) ?? double.flatMap(UInt64.init(exactly:))
    }
}

/// Builds the tree of a text that `JSONSyntax` has accepted, so nothing can be wrong here.
private struct JSONTreeBuilder: ~Escapable {
    let bytes: Span<UInt8>
    var index = 0

    @_lifetime(copy bytes)
    init(bytes: Span<UInt8>) { self.bytes = bytes }

    mutating func value() -> JSONValue {
        skipWhiteSpace()
        defer { skipWhiteSpace() }
        switch bytes[index] {
        case UInt8(ascii: "{"): return .object(object())
        case UInt8(ascii: "["): return .array(array())
        case UInt8(ascii: "\""): return .string(string())
        case UInt8(ascii: "t"): return word(4, .bool(true))
        case UInt8(ascii: "f"): return word(5, .bool(false))
        case UInt8(ascii: "n"): return word(4, .null)
        default: return .number(number())
        }
    }

    private mutating func object() -> [JSONMember] {
        var members: [JSONMember] = []
        while next(closing: UInt8(ascii: "}")) {
            skipWhiteSpace()
            let name = string()
            skipWhiteSpace()
            index += 1
            members.append(JSONMember(name: name, value: value()))
        }
        return members
    }

    private mutating func array() -> [JSONValue] {
        var values: [JSONValue] = []
        while next(closing: UInt8(ascii: "]")) { values.append(value()) }
        return values
    }

    /// Passes the opening bracket or a comma and says whether an element follows; passes the closing bracket.
    private mutating func next(closing: UInt8) -> Bool {
        if bytes[index] != closing {
            index += 1
            skipWhiteSpace()
            if bytes[index] != closing { return true }
        }
        index += 1
        return false
    }

    private mutating func string() -> String {
        let start = index + 1
        index = start
        var hasEscapes = false
        while bytes[index] != UInt8(ascii: "\"") {
            let isEscape = bytes[index] == UInt8(ascii: "\\")
            if isEscape { hasEscapes = true }
            index += isEscape ? 2 : 1
        }
        index += 1
        return JSONText.string(bytes.extracting(start..<index - 1), hasEscapes: hasEscapes)
    }

    private mutating func number() -> String {
        let start = index
        while index < bytes.count, Self.isPartOfNumber(bytes[index]) { index += 1 }
        return JSONText.string(bytes.extracting(start..<index), hasEscapes: false)
    }

    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func word(_ length: Int, _ value: JSONValue) -> JSONValue {
        index += length
        return value
    }

    private mutating func skipWhiteSpace() {
        while index < bytes.count, bytes[index] <= 0x20 { index += 1 }
    }
}

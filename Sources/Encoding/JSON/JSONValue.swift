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
        var reader = try JSONReader(bytes, depthMax: depthMax)
        return JSONValue(&reader)
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

extension JSONValue {
    /// The value that comes next.
    fileprivate init(_ reader: inout JSONReader) {
        switch reader.kind {
        case .object:
            var members: [JSONMember] = []
            _ = reader.enter(.object)
            while let name = reader.nextMember() { members.append(JSONMember(name: name, value: JSONValue(&reader))) }
            self = .object(members)
        case .array:
            var values: [JSONValue] = []
            _ = reader.enter(.array)
            while reader.nextElement() { values.append(JSONValue(&reader)) }
            self = .array(values)
        case .string: self = .string(reader.string() ?? "")
        case .number: self = .number(reader.number() ?? "")
        case .bool: self = .bool(reader.bool() ?? false)
        case .null:
            reader.skip()
            self = .null
        }
    }
}

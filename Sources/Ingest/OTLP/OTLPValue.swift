import Encoding

/// `opentelemetry.proto.common.v1.AnyValue` and its lists of names and values, as JSON without the names of its types.
/// Metrics, logs and spans have it in common.
enum OTLPValue {
    /// The text of a label or a line: a string as it is, lists and maps as JSON.
    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: return ""
        case .string(let text): return text
        case .bool(let truth): return truth ? "true" : "false"
        case .number(let digits): return digits
        case .array, .object:
            var writer = JSONWriter()
            writer.value(value)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    // MARK: protobuf

    static func attribute(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPAttribute {
        let member = try member(message)
        return OTLPAttribute(member.name, text(member.value))
    }

    /// A `KeyValue`.
    static func member(_ message: consuming ProtobufReader) throws(DecodeError) -> JSONMember {
        var name = ""
        var content = JSONValue.null
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): name = try message.readBytes().text
            case .bytes(2): content = try value(message.readMessage())
            default: try message.skip(tag)
            }
        }
        return JSONMember(name: name, value: content)
    }

    /// A list of `KeyValue`, the first field of its message, as of a resource.
    static func members(_ message: consuming ProtobufReader) throws(DecodeError) -> [JSONMember] {
        var members: [JSONMember] = []
        while let tag = try message.nextTag() {
            if tag == .bytes(1) { members.append(try member(message.readMessage())) } else { try message.skip(tag) }
        }
        return members
    }

    static func value(_ message: consuming ProtobufReader) throws(DecodeError) -> JSONValue {
        var value = JSONValue.null
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): value = .string(try message.readBytes().text)
            case .varint(2): value = .bool(try message.readVarint() != 0)
            case .varint(3):
                let number = Int64(bitPattern: try message.readVarint())
                value = .number("\(number)")
            case .fixed64(4): value = .number(FloatText.sample(try message.readDouble()))
            case .bytes(5): value = .array(try values(message.readMessage()))
            case .bytes(6): value = .object(try members(message.readMessage()))
            case .bytes(7): value = .string(Base64.standard.string(try message.readBytes()))
            default: try message.skip(tag)
            }
        }
        return value
    }

    private static func values(_ message: consuming ProtobufReader) throws(DecodeError) -> [JSONValue] {
        var values: [JSONValue] = []
        while let tag = try message.nextTag() {
            if tag == .bytes(1) { values.append(try value(message.readMessage())) } else { try message.skip(tag) }
        }
        return values
    }

    // MARK: JSON

    /// Numbers of 64 bits come as texts, and some senders write them as numbers.
    static func signed(_ value: JSONValue?) -> Int64? {
        if case .string(let text)? = value { return Int64(text) }
        return value?.int.map(Int64.init)
    }

    /// Numbers beyond JSON's are texts.
    static func double(_ value: JSONValue?) -> Double? {
        if case .string(let text)? = value { return FloatReading.float(text) }
        return value?.double
    }

    /// A list of names and values.
    static func attributes(_ list: JSONValue?) -> [JSONMember] {
        (list?.elements ?? []).map { JSONMember(name: $0["key"]?.text ?? "", value: plain($0["value"] ?? .null)) }
    }

    /// A value without the names of its types.
    static func plain(_ value: JSONValue) -> JSONValue {
        if let text = value["stringValue"] { return text }
        if let truth = value["boolValue"] { return truth }
        if let number = value["intValue"] { return .number("\(signed(number) ?? 0)") }
        if let number = double(value["doubleValue"]) { return .number(FloatText.sample(number)) }
        if let array = value["arrayValue"] { return .array((array["values"]?.elements ?? []).map(plain)) }
        if let map = value["kvlistValue"] { return .object(attributes(map["values"])) }
        return value["bytesValue"] ?? .null
    }
}

import Encoding

/// What a message of D-Bus holds, as far as replies need it.
package indirect enum BusValue: Equatable {
    /// Every kind of whole number, and truth.
    case number(Int64)
    case float(Double)
    /// Also paths and signatures.
    case text(String)
    /// Arrays, structs and entries of dictionaries.
    case list([BusValue])

    var text: String { if case .text(let text) = self { text } else { "" } }
    var number: Int64? { if case .number(let number) = self { number } else { nil } }
    var items: [BusValue] { if case .list(let items) = self { items } else { [] } }
}

/// Reads values by their signature; the specification's rules of alignment, both byte orders.
struct BusReader {
    enum Limits {
        static let depthMax = 32
        static let itemsMax = 1_000_000
    }

    private let bytes: [UInt8]
    private(set) var at: Int
    private let isBig: Bool

    init(_ bytes: [UInt8], at: Int, isBig: Bool) {
        (self.bytes, self.at, self.isBig) = (bytes, at, isBig)
    }

    /// Nil where the bytes are not of the signature.
    mutating func values(_ signature: String) -> [BusValue]? {
        var types = Array(signature.utf8)[...]
        var values: [BusValue] = []
        while !types.isEmpty {
            guard let value = value(&types, depth: 0) else { return nil }
            values.append(value)
        }
        return values
    }

    mutating func align(_ count: Int) { at = (at + count - 1) / count * count }

    private mutating func unsigned(_ count: Int) -> UInt64? {
        align(count)
        guard at + count <= bytes.count else { return nil }
        let part = bytes[at..<(at + count)]
        at += count
        return isBig
            ? part.reduce(0) { $0 << 8 | UInt64($1) } : part.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func text(_ lengthBytes: Int) -> BusValue? {
        guard let length = unsigned(lengthBytes).flatMap({ Int(exactly: $0) }), length < bytes.count - at else {
            return nil
        }
        defer { at += length + 1 }
        return .text(String(decoding: bytes[at..<(at + length)], as: UTF8.self))
    }

    private mutating func value(_ types: inout ArraySlice<UInt8>, depth: Int) -> BusValue? {
        guard depth < Limits.depthMax, let type = types.popFirst() else { return nil }
        switch type {
        case UInt8(ascii: "y"): return unsigned(1).map { .number(Int64($0)) }
        case UInt8(ascii: "b"), UInt8(ascii: "u"), UInt8(ascii: "h"): return unsigned(4).map { .number(Int64($0)) }
        case UInt8(ascii: "q"): return unsigned(2).map { .number(Int64($0)) }
        case UInt8(ascii: "n"): return unsigned(2).map { .number(Int64(Int16(truncatingIfNeeded: $0))) }
        case UInt8(ascii: "i"): return unsigned(4).map { .number(Int64(Int32(truncatingIfNeeded: $0))) }
        case UInt8(ascii: "x"), UInt8(ascii: "t"): return unsigned(8).map { .number(Int64(bitPattern: $0)) }
        case UInt8(ascii: "d"): return unsigned(8).map { .float(Double(bitPattern: $0)) }
        case UInt8(ascii: "s"), UInt8(ascii: "o"): return text(4)
        case UInt8(ascii: "g"): return text(1)
        case UInt8(ascii: "v"):
            guard case .text(let inner)? = text(1) else { return nil }
            var innerTypes = Array(inner.utf8)[...]
            return value(&innerTypes, depth: depth + 1)
        case UInt8(ascii: "a"): return array(&types, depth)
        case UInt8(ascii: "("): return structure(&types, UInt8(ascii: ")"), depth)
        case UInt8(ascii: "{"): return structure(&types, UInt8(ascii: "}"), depth)
        default: return nil
        }
    }

    private mutating func structure(_ types: inout ArraySlice<UInt8>, _ end: UInt8, _ depth: Int) -> BusValue? {
        align(8)
        var items: [BusValue] = []
        while let next = types.first, next != end {
            guard let item = value(&types, depth: depth + 1) else { return nil }
            items.append(item)
        }
        return types.popFirst() == end ? .list(items) : nil
    }

    private mutating func array(_ types: inout ArraySlice<UInt8>, _ depth: Int) -> BusValue? {
        guard let length = unsigned(4).flatMap({ Int(exactly: $0) }), let first = types.first else { return nil }
        switch first {
        case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"), UInt8(ascii: "("), UInt8(ascii: "{"): align(8)
        default: break
        }
        let end = at + length
        guard end <= bytes.count else { return nil }
        var items: [BusValue] = []
        var rest = types
        guard Self.skip(&rest, depth) else { return nil }
        while at < end, items.count < Limits.itemsMax {
            var one = types
            let before = at
            // An item of no bytes, such as an empty structure, is none that D-Bus knows.
            guard let item = value(&one, depth: depth + 1), at > before else { return nil }
            items.append(item)
        }
        types = rest
        return at == end ? .list(items) : nil
    }

    /// Goes behind one whole type.
    private static func skip(_ types: inout ArraySlice<UInt8>, _ depth: Int) -> Bool {
        guard depth < Limits.depthMax, let type = types.popFirst() else { return false }
        switch type {
        case UInt8(ascii: "a"): return skip(&types, depth + 1)
        case UInt8(ascii: "("), UInt8(ascii: "{"):
            let end = type == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "}")
            while let next = types.first, next != end {
                guard skip(&types, depth + 1) else { return false }
            }
            return types.popFirst() == end
        default: return true
        }
    }
}

/// One message on the wire, without descriptors.
package struct BusMessage {
    enum Kind: UInt8 {
        case call = 1
        case reply = 2
        case error = 3
        case signal = 4
    }

    static let headBytes = 16
    static let bytesMax = 64 << 20

    private(set) var kind: Kind
    private(set) var replySerial: Int64 = 0
    private(set) var errorName = ""
    /// The arguments of a call, or what it answers.
    package private(set) var body: [BusValue] = []

    /// How long the message is that begins like this; nil where these are not the first 16 bytes of one.
    package static func length(_ head: [UInt8]) -> Int? {
        guard head.count >= headBytes, head[0] == UInt8(ascii: "l") || head[0] == UInt8(ascii: "B") else { return nil }
        let isBig = head[0] == UInt8(ascii: "B")
        func number(_ at: Int) -> Int {
            let part = head[at..<(at + 4)]
            return isBig ? part.reduce(0) { $0 << 8 | Int($1) } : part.reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let length = headBytes + (number(12) + 7) / 8 * 8 + number(4)
        return length <= bytesMax ? length : nil
    }

    /// Nil for what is no whole message.
    package init?(_ bytes: [UInt8]) {
        guard let length = Self.length(bytes), bytes.count >= length, let kind = Kind(rawValue: bytes[1]) else {
            return nil
        }
        self.kind = kind
        var reader = BusReader(bytes, at: 12, isBig: bytes[0] == UInt8(ascii: "B"))
        guard let fields = reader.values("a(yv)")?.first else { return nil }
        var signature = ""
        for field in fields.items where field.items.count == 2 {
            switch field.items[0].number {
            case 4: errorName = field.items[1].text
            case 5: replySerial = field.items[1].number ?? 0
            case 8: signature = field.items[1].text
            default: break
            }
        }
        reader.align(8)
        guard let body = reader.values(signature) else { return nil }
        self.body = body
    }

    /// A call with texts as arguments.
    package static func call(
        serial: UInt32, destination: String, path: String, interface: String, member: String, _ arguments: [String]
    ) -> [UInt8] {
        var body: [UInt8] = []
        for text in arguments { append(text, to: &body) }
        var fields: [UInt8] = []
        for (code, type, text) in [
            (1, "o", path), (2, "s", interface), (3, "s", member), (6, "s", destination),
        ] {
            pad(&fields, 8)
            fields += [UInt8(code), 1] + type.utf8 + [0]
            append(text, to: &fields)
        }
        if !arguments.isEmpty {
            pad(&fields, 8)
            fields += [8, 1, UInt8(ascii: "g"), 0, UInt8(arguments.count)]
            fields += [UInt8](repeating: UInt8(ascii: "s"), count: arguments.count) + [0]
        }
        var bytes: [UInt8] = [UInt8(ascii: "l"), Kind.call.rawValue, 0, 1]
        bytes.appendLittleEndian(UInt32(body.count))
        bytes.appendLittleEndian(serial)
        bytes.appendLittleEndian(UInt32(fields.count))
        bytes += fields
        pad(&bytes, 8)
        return bytes + body
    }

    private static func pad(_ bytes: inout [UInt8], _ count: Int) {
        while bytes.count % count != 0 { bytes.append(0) }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        pad(&bytes, 4)
        bytes.appendLittleEndian(UInt32(text.utf8.count))
        bytes += text.utf8
        bytes.append(0)
    }
}

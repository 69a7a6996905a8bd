import Encoding

/// One point of InfluxDB's line protocol: `measurement,tag=value field=1,other=2i 1465839830100400200`.
package struct InfluxLine: Sendable, Equatable {
    package var measurement = ""
    package var tags: [(name: String, value: String)] = []
    /// Numbers and booleans; texts are passed over, as no sample can hold them.
    package var fields: [(name: String, value: Double)] = []
    /// In the unit of the request.
    package var timestamp: Int64?

    package static func == (a: InfluxLine, b: InfluxLine) -> Bool {
        a.measurement == b.measurement && a.timestamp == b.timestamp
            && a.tags.elementsEqual(b.tags, by: ==) && a.fields.elementsEqual(b.fields, by: ==)
    }

    /// Why a line is none.
    package struct Flaw: Error, Sendable, Equatable {
        package let reason: String
    }

    /// Reads a line without its end.
    package init(_ line: Span<UInt8>) throws(Flaw) {
        var cursor = InfluxCursor(line)
        measurement = cursor.text(upTo: [UInt8(ascii: ","), UInt8(ascii: " ")])
        if measurement.isEmpty { throw Flaw(reason: "the measurement is missing") }
        while cursor.take(UInt8(ascii: ",")) {
            let name = cursor.text(upTo: [UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: " ")])
            guard cursor.take(UInt8(ascii: "=")) else {
                throw Flaw(reason: "the tag \(Quoted.text(name)) has no value")
            }
            let value = cursor.text(upTo: [UInt8(ascii: ","), UInt8(ascii: " ")])
            if name.isEmpty { throw Flaw(reason: "a tag has no name") }
            // An empty tag is no label.
            if !value.isEmpty { tags.append((name, value)) }
        }
        guard cursor.skipSpaces() else { throw Flaw(reason: "the fields are missing") }
        repeat { try readField(&cursor) } while cursor.take(UInt8(ascii: ","))
        guard cursor.skipSpaces(), !cursor.isAtEnd else { return }
        let text = cursor.text(upTo: [UInt8(ascii: " ")])
        _ = cursor.skipSpaces()
        guard let timestamp = Int64(text), cursor.isAtEnd else {
            throw Flaw(reason: "the timestamp \(Quoted.text(text)) is no whole number at the end of the line")
        }
        self.timestamp = timestamp
    }

    private mutating func readField(_ cursor: inout InfluxCursor) throws(Flaw) {
        let name = cursor.text(upTo: [UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: " ")])
        guard !name.isEmpty else { throw Flaw(reason: "a field has no name") }
        guard cursor.take(UInt8(ascii: "=")) else { throw Flaw(reason: "the field \(Quoted.text(name)) has no value") }
        if cursor.take(UInt8(ascii: "\"")) {
            guard cursor.skipQuoted() else { throw Flaw(reason: "the text of field \(Quoted.text(name)) does not end") }
            return
        }
        let text = cursor.text(upTo: [UInt8(ascii: ","), UInt8(ascii: " ")])
        guard let value = Self.value(text) else {
            throw Flaw(reason: "the field \(Quoted.text(name)) has the value \(Quoted.text(text)), which is no number")
        }
        fields.append((name, value))
    }

    private static func value(_ text: String) -> Double? {
        switch text {
        case "t", "T", "true", "True", "TRUE": return 1
        case "f", "F", "false", "False", "FALSE": return 0
        default: break
        }
        switch text.utf8.last {
        case UInt8(ascii: "i"): return Int64(text.dropLast()).map { Double($0) }
        case UInt8(ascii: "u"): return UInt64(text.dropLast()).map { Double($0) }
        default: return FloatReading.float(text)
        }
    }
}

/// Walks a line; a backslash takes the next byte out of its meaning.
private struct InfluxCursor: ~Escapable {
    private let line: Span<UInt8>
    private var position = 0

    @_lifetime(copy line)
    init(_ line: Span<UInt8>) { self.line = line }

    var isAtEnd: Bool { position >= line.count }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < line.count, line[position] == byte else { return false }
        position += 1
        return true
    }

    /// False where there is none.
    mutating func skipSpaces() -> Bool {
        let first = position
        while position < line.count, line[position] == UInt8(ascii: " ") || line[position] == UInt8(ascii: "\r") {
            position += 1
        }
        return position > first
    }

    mutating func text(upTo ends: [UInt8]) -> String {
        var bytes: [UInt8] = []
        while position < line.count {
            let byte = line[position]
            if byte == UInt8(ascii: "\\"), position + 1 < line.count, Self.isEscaped(line[position + 1]) {
                bytes.append(line[position + 1])
                position += 2
                continue
            }
            if ends.contains(byte) || byte == UInt8(ascii: "\r") && position == line.count - 1 { break }
            bytes.append(byte)
            position += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "=")
            || byte == UInt8(ascii: "\\")
    }

    /// Behind the quote that ends the text; false where there is none.
    mutating func skipQuoted() -> Bool {
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""):
                position += 1
                return true
            default: position += 1
            }
        }
        return false
    }
}

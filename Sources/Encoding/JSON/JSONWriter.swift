/// Writes JSON piece by piece into a buffer, with commas where they belong.
///
/// The caller may take what is in `bytes` and clear it at any time, so that a long answer is streamed through a small
/// buffer. Names and values have to alternate as JSON has it; that is the caller's part.
package struct JSONWriter: Sendable {
    package var bytes: [UInt8]
    private var needsComma = false
    private let nonFinite: JSONText.NonFinite

    /// Appends to `bytes`.
    package init(into bytes: [UInt8] = [], nonFinite: JSONText.NonFinite = .null) {
        self.bytes = bytes
        self.nonFinite = nonFinite
    }

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }
    package mutating func endObject() { end(UInt8(ascii: "}")) }
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// The name of the member whose value comes next.
    package mutating func name(_ name: String) {
        separate()
        JSONText.append(string: name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func name(_ name: Span<UInt8>) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        separate()
        JSONText.append(string: text, to: &bytes)
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    package mutating func string(_ text: Span<UInt8>) {
        separate()
        JSONText.append(string: text, to: &bytes)
    }

    package mutating func number(_ number: Double) {
        separate()
        JSONText.append(number: number, nonFinite: nonFinite, to: &bytes)
    }

    package mutating func number(_ number: Int) {
        separate()
        JSONText.append(number: number, to: &bytes)
    }

    package mutating func number(_ number: UInt64) {
        separate()
        JSONText.append(number: number, to: &bytes)
    }

    package mutating func bool(_ value: Bool) {
        separate()
        bytes += (value ? "true" : "false").utf8
    }

    package mutating func null() {
        separate()
        bytes += "null".utf8
    }

    /// A value that is JSON already.
    package mutating func raw(_ json: Span<UInt8>) {
        separate()
        bytes.append(json)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.bool(bool)
        case .number(let digits):
            separate()
            bytes += digits.utf8
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                name(member.name)
                self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

/// A member in one call.
extension JSONWriter {
    package mutating func member(_ name: String, _ text: String) {
        self.name(name)
        string(text)
    }

    package mutating func member(_ name: String, _ number: Int) {
        self.name(name)
        self.number(number)
    }

    package mutating func member(_ name: String, _ number: Double) {
        self.name(name)
        self.number(number)
    }

    package mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        bool(value)
    }
}

/// An element of an XML text with what it holds, as the answers of web services use it: attributes, comments, processing
/// instructions and declarations are passed over, prefixes of names are dropped.
package struct XMLElement: Sendable, Equatable {
    package let name: String
    /// The text in it, without that of the elements in it.
    package fileprivate(set) var text: String
    package fileprivate(set) var children: [XMLElement]

    /// The first element in it with that name.
    package subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The text of the first element in it with that name; nil where there is none, or an empty one.
    package func text(of name: String) -> String? {
        guard let text = self[name]?.text, !text.isEmpty else { return nil }
        return text
    }

    /// The elements of a list: those named `item` in the element `name`, as AWS writes lists.
    package func items(of name: String) -> [XMLElement] { self[name]?.children.filter { $0.name == "item" } ?? [] }
}

extension XMLElement {
    package static let depthMax = 64

    /// The outermost element of a text; the caller bounds the text.
    package static func parse(_ bytes: Span<UInt8>) throws(DecodeError) -> XMLElement {
        var parser = XMLParser(bytes)
        return try parser.document()
    }
}

/// Reads the text from its beginning to its end.
private struct XMLParser: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    @_lifetime(self: copy self)
    mutating func document() throws(DecodeError) -> XMLElement {
        try skipProlog()
        let root = try element(depth: 0)
        try skipProlog()
        guard position == bytes.count else { throw error() }
        return root
    }

    private func error() -> DecodeError {
        position < bytes.count
            ? DecodeError(.invalidCharacter(bytes[position]), at: position)
            : DecodeError(.truncated(missing: 1), at: position)
    }

    private func starts(with text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        return text.withUTF8Buffer { wanted in
            (0..<count).allSatisfy { unsafe bytes[position + $0] == wanted[$0] }
        }
    }

    /// Moves behind the next occurrence of a text.
    @_lifetime(self: copy self)
    private mutating func skip(past text: StaticString) throws(DecodeError) {
        while position < bytes.count, !starts(with: text) { position += 1 }
        guard position < bytes.count else { throw error() }
        position += text.utf8CodeUnitCount
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    @_lifetime(self: copy self)
    private mutating func skipProlog() throws(DecodeError) {
        while position < bytes.count {
            if Self.isBlank(bytes[position]) {
                position += 1
            } else if starts(with: "<?") {
                try skip(past: "?>")
            } else if starts(with: "<!--") {
                try skip(past: "-->")
            } else if starts(with: "<!") {
                // Without an internal subset, so nothing is defined here that could expand.
                try skip(past: ">")
            } else {
                return
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func element(depth: Int) throws(DecodeError) -> XMLElement {
        guard depth < XMLElement.depthMax, starts(with: "<") else { throw error() }
        position += 1
        var element = XMLElement(name: try name(), text: "", children: [])
        guard try !skipAttributes() else { return element }
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw error() }
            if starts(with: "</") {
                position += 2
                guard try name() == element.name else { throw error() }
                try skip(past: ">")
                element.text = String(decoding: text, as: UTF8.self)
                return element
            } else if starts(with: "<!--") {
                try skip(past: "-->")
            } else if starts(with: "<![CDATA[") {
                position += 9
                while position < bytes.count, !starts(with: "]]>") { text.append(take()) }
                try skip(past: "]]>")
            } else if starts(with: "<?") {
                try skip(past: "?>")
            } else if bytes[position] == 0x3c {
                element.children.append(try self.element(depth: depth + 1))
            } else if bytes[position] == 0x26 {
                try reference(into: &text)
            } else {
                text.append(take())
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func take() -> UInt8 {
        defer { position += 1 }
        return bytes[position]
    }

    /// Without its prefix.
    @_lifetime(self: copy self)
    private mutating func name() throws(DecodeError) -> String {
        var start = position
        while position < bytes.count, !Self.isBlank(bytes[position]), bytes[position] != 0x3e, bytes[position] != 0x2f {
            if bytes[position] == 0x3a { start = position + 1 }
            position += 1
        }
        guard position > start else { throw error() }
        let name = bytes.extracting(start..<position)
        return String(decoding: name.indices.map { name[$0] }, as: UTF8.self)
    }

    /// Moves behind the tag. True where the element has ended with it.
    @_lifetime(self: copy self)
    private mutating func skipAttributes() throws(DecodeError) -> Bool {
        while position < bytes.count {
            switch bytes[position] {
            case 0x3e:
                position += 1
                return false
            case 0x2f where position + 1 < bytes.count && bytes[position + 1] == 0x3e:
                position += 2
                return true
            case 0x22, 0x27:
                let quote = bytes[position]
                repeat { position += 1 } while position < bytes.count && bytes[position] != quote
                position += 1
            default: position += 1
            }
        }
        throw error()
    }

    /// `&amp;` and its like, and characters by their numbers.
    @_lifetime(self: copy self)
    private mutating func reference(into text: inout [UInt8]) throws(DecodeError) {
        let start = position + 1
        while position < bytes.count, bytes[position] != 0x3b, position - start < 12 { position += 1 }
        guard position < bytes.count, bytes[position] == 0x3b else { throw error() }
        let word = bytes.extracting(start..<position)
        let name = String(decoding: word.indices.map { word[$0] }, as: UTF8.self)
        position += 1
        switch name {
        case "amp": text.append(0x26)
        case "lt": text.append(0x3c)
        case "gt": text.append(0x3e)
        case "quot": text.append(0x22)
        case "apos": text.append(0x27)
        default:
            let digits = name.dropFirst()
            let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            guard name.hasPrefix("#"), let number, let scalar = Unicode.Scalar(number) else { throw error() }
            text += String(Character(scalar)).utf8
        }
    }
}

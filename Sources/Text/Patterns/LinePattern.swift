import Encoding

/// A pattern such as `<ip> - <_> "<method>"`: literals and captures in turn.
package struct LinePattern: Sendable {
    package enum Part: Sendable, Equatable {
        case literal([UInt8])
        /// Empty for `<_>`.
        case capture(String)
    }

    package struct Failure: Error {
        package let message: String
    }

    package let parts: [Part]

    /// For `| pattern`, where some capture has to have a name.
    package init(parsing text: String) throws(Failure) {
        try self.init(text)
        guard captureNames.contains(where: { !$0.isEmpty }) else {
            throw Failure(message: "at least one capture is required")
        }
        var seen: Set<String> = []
        for name in captureNames where !name.isEmpty && !seen.insert(name).inserted {
            throw Failure(message: "duplicate capture name (\(name)): invalid expression")
        }
    }

    /// For `|>`, where no capture has a name.
    package init(filtering text: String) throws(Failure) {
        try self.init(text)
        if captureNames.contains(where: { !$0.isEmpty }) {
            throw Failure(message: "named captures are not allowed")
        }
    }

    package var captureNames: [String] {
        parts.compactMap { if case .capture(let name) = $0 { name } else { nil } }
    }

    private init(_ text: String) throws(Failure) {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        var literal: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if let (name, end) = Self.capture(bytes, at) {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                if case .capture? = parts.last {
                    throw Failure(
                        message:
                            "found consecutive capture '\(String(decoding: bytes[..<end], as: UTF8.self))': invalid expression"
                    )
                }
                parts.append(.capture(name == "_" ? "" : name))
                at = end
            } else {
                literal.append(bytes[at])
                at += 1
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    /// `<name>` at a place.
    private static func capture(_ bytes: [UInt8], _ start: Int) -> (String, Int)? {
        guard bytes[start] == UInt8(ascii: "<") else { return nil }
        var end = start + 1
        while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: ">"), end > start + 1,
            !(0x30...0x39 ~= bytes[start + 1])
        else { return nil }
        return (String(decoding: bytes[(start + 1)..<end], as: UTF8.self), end + 1)
    }

    /// Of labels.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte || byte == UInt8(ascii: "_")
    }

    /// Where the named captures lie. A line that ends early fills what comes first.
    package func captures(in line: Span<UInt8>) -> [(name: [UInt8], range: Range<Int>)] {
        guard !line.isEmpty else { return [] }
        var found: [(name: [UInt8], range: Range<Int>)] = []
        var at = 0
        var place = 0
        if case .literal(let first)? = parts.first {
            guard line.has(first.span, at: 0) else { return [] }
            at = first.count
            place = 1
        }
        while place < parts.count {
            guard case .capture(let name) = parts[place] else { break }
            var (end, next, isLast) = (line.count, line.count, true)
            if place + 1 < parts.count, case .literal(let literal) = parts[place + 1],
                let found = ByteSearch.find(literal.span, in: line, from: at)
            {
                (end, next, isLast) = (found, found + literal.count, false)
            }
            if !name.isEmpty { found.append((Array(name.utf8), at..<end)) }
            if isLast { break }
            at = next
            place += 2
        }
        return found
    }

    /// Whether the pattern is all of the line; a capture takes at least one byte.
    package func matches(_ line: Span<UInt8>) -> Bool {
        if line.isEmpty || parts.isEmpty { return line.isEmpty && parts.isEmpty }
        var at = 0
        for (place, part) in parts.enumerated() {
            guard case .literal(let literal) = part else { continue }
            guard let found = ByteSearch.find(literal.span, in: line, from: at) else { return false }
            if place == 0 ? found != 0 : found == at { return false }
            at = found + literal.count
        }
        if case .capture? = parts.last { return at != line.count }
        return at == line.count
    }
}

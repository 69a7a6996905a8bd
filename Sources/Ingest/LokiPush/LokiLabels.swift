import Encoding
import Model

/// Labels as a push writes them: `{env="prod", host="a"}`, values quoted as in Go.
enum LokiLabels {
    /// Replaces what the builder holds.
    static func read(_ text: Span<UInt8>, into builder: inout LabelsBuilder) throws(LokiPushError) {
        builder.removeAll()
        var reader = Reader(text: text)
        guard reader.take(UInt8(ascii: "{")) else { throw flaw(text) }
        if !reader.take(UInt8(ascii: "}")) {
            repeat {
                let name = reader.name()
                guard !name.isEmpty, reader.take(UInt8(ascii: "=")), let value = reader.quoted() else {
                    throw flaw(text)
                }
                builder.append(text.extracting(name), value.span)
            } while reader.take(UInt8(ascii: ","))
            guard reader.take(UInt8(ascii: "}")) else { throw flaw(text) }
        }
        guard reader.isAtEnd else { throw flaw(text) }
        if builder.isEmpty { throw LokiPushError("a stream has no labels: at least one is required") }
    }

    private static func flaw(_ text: Span<UInt8>) -> LokiPushError {
        let shown = unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0.prefix(200), as: UTF8.self) }
        return LokiPushError("cannot read the labels of a stream: \(Quoted.text(shown))")
    }

    private struct Reader: ~Escapable {
        let text: Span<UInt8>
        var index = 0

        @_lifetime(copy text)
        init(text: Span<UInt8>) { self.text = text }

        mutating func skipSpaces() {
            while index < text.count, text[index] == UInt8(ascii: " ") { index += 1 }
        }

        var isAtEnd: Bool {
            mutating get {
                skipSpaces()
                return index == text.count
            }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            skipSpaces()
            guard index < text.count, text[index] == byte else { return false }
            index += 1
            return true
        }

        mutating func name() -> Range<Int> {
            skipSpaces()
            let start = index
            while index < text.count, text[index] != UInt8(ascii: "="), text[index] != UInt8(ascii: " ") { index += 1 }
            return start..<index
        }

        mutating func quoted() -> [UInt8]? {
            guard take(UInt8(ascii: "\"")) else { return nil }
            let start = index
            var hasEscapes = false
            while index < text.count, text[index] != UInt8(ascii: "\"") {
                if text[index] == UInt8(ascii: "\\") {
                    hasEscapes = true
                    index += 1
                }
                index += 1
            }
            guard index < text.count else { return nil }
            index += 1
            var value: [UInt8] = []
            LogFields.append(text.extracting(start..<(index - 1)), hasEscapes: hasEscapes, to: &value)
            return value
        }
    }
}

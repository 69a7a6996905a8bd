import Encoding

/// The text form of Prometheus' exposition: `up{job="a"}`, and `{"my.metric","a b"="c"}` where names need quotes.
extension Labels: CustomStringConvertible {
    package var description: String {
        var text: [UInt8] = []
        Self.append(textOf: bytes.span, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text of canonical label bytes.
    package static func append(textOf bytes: Span<UInt8>, to output: inout [UInt8]) {
        let name = LabelCursor.valueRange(of: metricNameBytes.span, in: bytes)
        let isPlainName = name.map { isPlain(bytes.extracting($0), colons: true) } ?? false
        if isPlainName, let name { output.append(bytes.extracting(name)) }
        var isOpen = false
        func separate(_ output: inout [UInt8]) {
            output.append(UInt8(ascii: isOpen ? "," : "{"))
            isOpen = true
        }
        if let name, !isPlainName {
            separate(&output)
            appendQuoted(bytes.extracting(name), to: &output)
        }
        var cursor = LabelCursor()
        while cursor.advance(in: bytes) {
            if cursor.value == name { continue }
            separate(&output)
            let label = bytes.extracting(cursor.name)
            if isPlain(label, colons: false) { output.append(label) } else { appendQuoted(label, to: &output) }
            output.append(UInt8(ascii: "="))
            appendQuoted(bytes.extracting(cursor.value), to: &output)
        }
        if isOpen {
            output.append(UInt8(ascii: "}"))
        } else if name == nil {
            output += "{}".utf8
        }
    }

    private static let metricNameBytes = Array(metricName.utf8)

    /// Whether a name can stand without quotes.
    private static func isPlain(_ name: Span<UInt8>, colons: Bool) -> Bool {
        guard name.count > 0, !(0x30...0x39 ~= name[0]) else { return false }
        for index in name.indices {
            switch name[index] {
            case 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a: continue
            case UInt8(ascii: ":") where colons: continue
            default: return false
            }
        }
        return true
    }

    private static func appendQuoted(_ text: Span<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\\"): output += "\\\\".utf8
            case UInt8(ascii: "\""): output += "\\\"".utf8
            case UInt8(ascii: "\n"): output += "\\n".utf8
            case let byte: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

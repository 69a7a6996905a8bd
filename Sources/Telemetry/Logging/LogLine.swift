import Encoding
import Glibc

/// The two forms of a line: JSON for machines, plain for a person at a terminal.
package enum LogForm: Sendable {
    case json
    case plain(coloured: Bool)
}

/// Builds one line of at most `LogLine.bytesMax` bytes.
///
/// The bound is the kernel's PIPE_BUF: a write of that size to a pipe is never mixed with another thread's or
/// process's. Fields that no longer fit are left out and `truncated` says so.
struct LogLine {
    static let bytesMax = 4_096
    private static let textBytesMax = 1_024
    /// Kept for the end of the line: `,"suppressed":<number>,"truncated":true}` and the line feed.
    private static let reservedBytes = 64

    private let form: LogForm
    private var bytes: [UInt8] = []
    private var isTruncated = false

    init(_ form: LogForm, wallMs: Int64, level: LogLevel, component: String, message: String) {
        self.form = form
        bytes.reserveCapacity(512)
        let time = CivilTime(ms: wallMs)
        switch form {
        case .json:
            append("{\"ts\":\"\(time.rfc3339)\",\"level\":\"\(level)\",\"component\":\"\(component)\",\"message\":")
            appendJSON(message)
        case .plain(let coloured):
            let name = level.description.uppercased()
            let label = name + String(repeating: " ", count: 7 - name.count)
            append(time.clock + " " + (coloured ? Self.colour(level) + label + "\u{1b}[0m" : label))
            append(" \(component): \(message)")
        }
    }

    mutating func append(_ name: StaticString, _ value: LogValue) {
        let length = bytes.count
        switch form {
        case .json:
            append(",\"\(name)\":")
            appendJSON(value)
        case .plain:
            append(" \(name)=")
            appendPlain(value)
        }
        if bytes.count > Self.bytesMax - Self.reservedBytes {
            bytes.removeSubrange(length...)
            isTruncated = true
        }
    }

    /// The line with its end.
    consuming func finished(suppressed: Int) -> [UInt8] {
        switch form {
        case .json:
            if suppressed > 0 { append(",\"suppressed\":\(suppressed)") }
            append(isTruncated ? ",\"truncated\":true}\n" : "}\n")
        case .plain:
            if suppressed > 0 { append(" (\(suppressed) more like this were not shown)") }
            append(isTruncated ? " ...\n" : "\n")
        }
        return bytes
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func appendJSON(_ value: LogValue) {
        switch value {
        case .text(let text): appendJSON(text)
        case .integer(let integer): JSONText.append(number: integer, to: &bytes)
        case .number(let number): JSONText.append(number: number, nonFinite: .text, to: &bytes)
        case .flag(let flag): append(flag ? "true" : "false")
        case .nanoseconds(let ns): append(FloatText.plain(Double(ns) / 1_000_000_000))
        }
    }

    private mutating func appendJSON(_ text: String) {
        JSONText.append(string: clipped(text), to: &bytes)
    }

    private mutating func appendPlain(_ value: LogValue) {
        switch value {
        case .text(let text):
            let text = clipped(text)
            let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") }
            append(isPlain ? text : Quoted.text(text))
        case .integer(let integer): append(String(integer))
        case .number(let number): append(FloatText.plain(number))
        case .flag(let flag): append(flag ? "yes" : "no")
        case .nanoseconds(let ns): append(FloatText.plain(Double(ns) / 1_000_000_000) + "s")
        }
    }

    /// At most `textBytesMax` bytes, cut between characters.
    private mutating func clipped(_ text: String) -> String {
        guard text.utf8.count > Self.textBytesMax else { return text }
        isTruncated = true
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: Self.textBytesMax)
        while UTF8.isContinuation(text.utf8[end]) { text.utf8.formIndex(before: &end) }
        return String(text[..<end])
    }

    private static func colour(_ level: LogLevel) -> String {
        switch level {
        case .debug: "\u{1b}[2m"
        case .info: "\u{1b}[36m"
        case .warning: "\u{1b}[33m"
        case .error: "\u{1b}[31m"
        }
    }
}

extension LogForm {
    /// Plain on a terminal, coloured unless NO_COLOR is set; JSON everywhere else.
    static func natural(for descriptor: Int32) -> LogForm {
        guard isatty(descriptor) == 1 else { return .json }
        let noColour = unsafe getenv("NO_COLOR").map { unsafe $0.pointee != 0 } ?? false
        return .plain(coloured: !noColour)
    }
}

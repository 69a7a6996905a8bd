import Encoding

/// Tells which lines go on with a stack trace, as Java, Python, Go and Swift print them.
struct TraceLines: Sendable {
    private enum Kind {
        case python, pythonEnd, go, swift
    }

    private var kind: Kind?

    /// Whether a line belongs to the event before it. Every line is shown in order.
    mutating func continues(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first else { return kind != nil }
        if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { return true }
        if Self.has(line, "Caused by: ") || Self.has(line, "Suppressed: ") { return true }
        if Self.has(line, "Traceback (most recent call last):") {
            kind = .python
            return true
        }
        if Self.has(line, "goroutine "), line.last == UInt8(ascii: ":") {
            kind = .go
            return true
        }
        if Self.has(line, "panic: ") || Self.has(line, "fatal error: ") {
            defer { kind = .go }
            return kind == .go
        }
        if Self.has(line, "Fatal error: ") || Self.contains(line, ": Fatal error: ") {
            kind = .swift
            return false
        }
        if Self.has(line, "*** ") || Self.has(line, "💣 ") {
            defer { kind = .swift }
            return kind == .swift
        }
        if continuesKind(line, first) { return true }
        kind = nil
        return false
    }

    private mutating func continuesKind(_ line: ArraySlice<UInt8>, _ first: UInt8) -> Bool {
        switch kind {
        case nil: return false
        case .python:
            // The first line that is not indented says what was raised.
            kind = .pythonEnd
            return true
        case .pythonEnd:
            return Self.has(line, "During handling of the above exception")
                || Self.has(line, "The above exception was the direct cause")
        case .go:
            let isCall = line.last == UInt8(ascii: ")") && !line.contains(UInt8(ascii: " "))
            return isCall || ["created by ", "exit status ", "[signal ", "\t"].contains { Self.has(line, $0) }
                || Self.contains(line, "(...)") || Self.contains(line, "({0x")
        case .swift:
            let isFrame = (0x30...0x39).contains(first) && (Self.contains(line, " in ") || Self.contains(line, "0x"))
            let heads = ["Thread ", "Registers", "Images", "Backtrace", "Current stack trace", "Crash", "│", "Illegal"]
            return isFrame || heads.contains { Self.has(line, $0) }
        }
    }

    private static func has(_ line: ArraySlice<UInt8>, _ prefix: String) -> Bool { line.starts(with: prefix.utf8) }

    private static func contains(_ line: ArraySlice<UInt8>, _ text: String) -> Bool {
        ByteSearch.contains(text.utf8.span, in: line.span)
    }
}

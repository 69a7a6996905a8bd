import Encoding
import Ingest

/// What a line of a file is before anybody looks into it.
package enum LineForm: String, Sendable, CaseIterable {
    /// The line itself, at the time at which it is read.
    case plain
    /// A line of JSON of Docker's driver json-file: `{"log":"...\n","stream":"stderr","time":"..."}`.
    case docker
    /// The container runtime interface: `2026-11-21T10:00:00.123Z stdout F the line`.
    case cri

    /// One line as its form says.
    struct Line {
        /// Nil where the form has none.
        var timestampNs: Int64?
        var stream: String?
        /// Whether the next line of the same stream goes on with this one.
        var isPart = false
        var text: ArraySlice<UInt8>
    }

    /// A line that is not of the form is taken as it is.
    func read(_ line: ArraySlice<UInt8>) -> Line {
        switch self {
        case .plain: Line(text: line)
        case .docker: Self.readDocker(line) ?? Line(text: line)
        case .cri: Self.readCRI(line) ?? Line(text: line)
        }
    }

    private static func readDocker(_ line: ArraySlice<UInt8>) -> Line? {
        guard line.first == UInt8(ascii: "{"), let value = try? JSONValue.parse(Array(line).span),  // no JSON: as it is
            let log = value["log"]?.text
        else { return nil }
        var text = Array(log.utf8)[...]
        let isPart = text.last != UInt8(ascii: "\n")
        if !isPart { text.removeLast() }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        let timestampNs = value["time"]?.text.flatMap { LogTime.ns(Array($0.utf8)) }
        return Line(timestampNs: timestampNs, stream: value["stream"]?.text, isPart: isPart, text: text)
    }

    private static func readCRI(_ line: ArraySlice<UInt8>) -> Line? {
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let ns = LogTime.ns(Array(fields[0])) else { return nil }
        let stream = String(decoding: fields[1], as: UTF8.self)
        guard stream == "stdout" || stream == "stderr" else { return nil }
        return Line(
            timestampNs: ns, stream: stream, isPart: fields[2].first == UInt8(ascii: "P"), text: fields[3])
    }
}

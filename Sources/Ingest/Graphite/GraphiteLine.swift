import Encoding
package import Model

/// One line of Graphite's plaintext protocol: `path;tag=value number seconds`. The path is the name as it is.
package struct GraphiteLine: Sendable, Equatable {
    package struct Flaw: Error, Sendable, Equatable {
        package let reason: String
    }

    package let labels: Labels
    package let value: Double
    /// Nil where the sender leaves it to the receiver.
    package let timestampMs: Int64?

    /// Reads a line without its end.
    package init(_ line: Span<UInt8>) throws(Flaw) {
        let words = line.text.split { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard words.count == 2 || words.count == 3 else {
            throw Flaw(reason: "a line is a path, a number and a time, and this one has \(words.count) words")
        }
        var builder = LabelsBuilder()
        let path = words[0].split(separator: ";", omittingEmptySubsequences: false)
        guard let name = path.first, !name.isEmpty else { throw Flaw(reason: "the path is empty") }
        for tag in path.dropFirst() {
            guard let equals = tag.firstIndex(of: "="), equals > tag.startIndex else {
                throw Flaw(reason: "the tag \(Quoted.text(String(tag))) is not name=value")
            }
            builder.set(String(tag[..<equals]), String(tag[tag.index(after: equals)...]))
        }
        builder.set(Labels.metricName, String(name))
        labels = builder.labels()
        guard let number = FloatReading.float(String(words[1])) else {
            throw Flaw(reason: "the value \(Quoted.text(String(words[1]))) is no number")
        }
        value = number
        guard words.count == 3, words[2] != "-1", words[2] != "N" else {
            timestampMs = nil
            return
        }
        guard let seconds = FloatReading.float(String(words[2])), seconds.magnitude < 9e15 else {
            throw Flaw(reason: "the time \(Quoted.text(String(words[2]))) is no number of seconds")
        }
        timestampMs = Int64(seconds * 1000)
    }
}

import Encoding

/// One line of StatsD: `name:value|type|@rate|#tag:value`, with the tags of DogStatsD.
package struct StatsDLine: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case counter, gauge, timer, set
    }

    package struct Flaw: Error, Sendable, Equatable {
        package let reason: String
    }

    package var name: String
    package var kind: Kind
    /// In seconds for timers that came in milliseconds.
    package var values: [Double] = []
    /// A gauge that is changed rather than set.
    package var isRelative = false
    /// Members of a set.
    package var members: [String] = []
    /// The share of events that was sent.
    package var rate = 1.0
    package var tags: [(name: String, value: String)] = []

    package static func == (a: StatsDLine, b: StatsDLine) -> Bool {
        a.name == b.name && a.kind == b.kind && a.values == b.values && a.isRelative == b.isRelative
            && a.members == b.members && a.rate == b.rate && a.tags.elementsEqual(b.tags, by: ==)
    }

    /// Reads a line without its end.
    package init(_ line: Span<UInt8>) throws(Flaw) {
        var parts = line.text.split(separator: "|", omittingEmptySubsequences: false)
        let first = parts.removeFirst()
        guard let colon = first.firstIndex(of: ":"), colon > first.startIndex else {
            throw Flaw(reason: "the name or the value is missing")
        }
        name = String(first[..<colon])
        let texts = first[first.index(after: colon)...].split(separator: ":", omittingEmptySubsequences: false)
        guard !parts.isEmpty else { throw Flaw(reason: "the type of \(Quoted.text(name)) is missing") }
        let type = parts.removeFirst()
        switch type {
        case "c": kind = .counter
        case "g": kind = .gauge
        case "ms", "h", "d": kind = .timer
        case "s": kind = .set
        default: throw Flaw(reason: "\(Quoted.text(name)) has the type \(Quoted.text(String(type))), which is none")
        }
        for part in parts { try take(section: part) }
        if kind == .set {
            members = texts.map(String.init)
            return
        }
        let sign = texts.first?.first
        isRelative = kind == .gauge && (sign == "+" || sign == "-")
        for text in texts {
            guard let value = FloatReading.float(String(text)), value.isFinite else {
                throw Flaw(
                    reason: "\(Quoted.text(name)) has the value \(Quoted.text(String(text))), which is no number")
            }
            values.append(type == "ms" ? value / 1000 : value)
        }
    }

    private mutating func take(section: Substring) throws(Flaw) {
        if section.hasPrefix("@") {
            guard let given = FloatReading.float(String(section.dropFirst())), given > 0, given <= 1 else {
                throw Flaw(reason: "\(Quoted.text(name)) has a sample rate that is not between 0 and 1")
            }
            rate = given
        } else if section.hasPrefix("#") {
            for tag in section.dropFirst().split(separator: ",") {
                let colon = tag.firstIndex(of: ":") ?? tag.endIndex
                let value = colon == tag.endIndex ? "" : tag[tag.index(after: colon)...]
                if colon > tag.startIndex { tags.append((String(tag[..<colon]), String(value))) }
            }
        }
    }
}

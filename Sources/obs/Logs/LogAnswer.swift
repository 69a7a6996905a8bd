import Encoding

/// An entry as a client shows it.
struct ShownEntry: Sendable, Hashable {
    var ns: Int64
    var line: String
    /// Of the stream.
    var stream: [String: String]
    /// Of the entry itself, and what the query found in it.
    var fields: [String: String]

    func hash(into hasher: inout Hasher) {
        hasher.combine(ns)
        hasher.combine(line)
    }
}

/// What `/loki/api/v1/query_range` says of lines.
struct LogAnswer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// In the order of the question.
    let entries: [ShownEntry]
    let statistics: JSONValue?

    /// - Parameter isForward: the order that was asked for, in which entries of all streams are put.
    init(_ data: JSONValue, isForward: Bool) throws(Failure) {
        guard data["resultType"]?.text == "streams", let streams = data["result"]?.elements else {
            throw Failure(description: "the query gives numbers, not lines: ask it with 'obs query'")
        }
        var entries: [ShownEntry] = []
        for stream in streams {
            let labels = Self.texts(stream["stream"])
            for value in stream["values"]?.elements ?? [] {
                guard let parts = value.elements, parts.count >= 2, let ns = parts[0].text.flatMap({ Int64($0) }),
                    let line = parts[1].text
                else { throw Failure(description: "the server sends an entry that is none") }
                let own = parts.count > 2 ? parts[2] : .null
                let fields = Self.texts(own["structuredMetadata"]).merging(Self.texts(own["parsed"])) { $1 }
                entries.append(ShownEntry(ns: ns, line: line, stream: labels, fields: fields))
            }
        }
        // Stable within one time: entries of a stream stay in their order.
        let order = entries.indices.sorted { a, b in
            if entries[a].ns != entries[b].ns { return (entries[a].ns < entries[b].ns) == isForward }
            return a < b
        }
        self.entries = order.map { entries[$0] }
        statistics = data["stats"]
    }

    private static func texts(_ object: JSONValue?) -> [String: String] {
        var texts: [String: String] = [:]
        for member in object?.members ?? [] { texts[member.name] = member.value.text ?? "" }
        return texts
    }
}

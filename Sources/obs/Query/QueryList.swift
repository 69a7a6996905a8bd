import Encoding
import Model

/// The queries that a collector works on, as `/debug/queries` lists them.
struct QueryList {
    private let queries: [JSONValue]

    init(_ connection: ServerConnection) throws {
        queries = try connection.data(.init(path: "/debug/queries")).elements ?? []
    }

    var json: String {
        var writer = JSONWriter()
        writer.value(.array(queries))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    func text(_ console: Console) -> String {
        if queries.isEmpty { return "no query waits or runs" }
        var table = TextTable([
            .init(title: "NUMBER", alignsRight: true), .init(title: "STATE"),
            .init(title: "SECONDS", alignsRight: true),
            .init(title: "MEMORY", alignsRight: true), .init(title: "SAMPLES", alignsRight: true),
            .init(title: "PRINCIPAL"), .init(title: "RANGE"), .init(title: "QUERY", shortest: 20),
        ])
        for query in queries {
            let principal = query["principal"]?.text ?? ""
            table.add(
                "\(query["number"]?.int ?? 0)", query["state"]?.text ?? "",
                FloatText.fixed(query["seconds"]?.double ?? 0, decimals: 1),
                Amount.bytes(query["heldBytes"]?.int ?? 0), Amount.count(query["samplesRead"]?.int ?? 0),
                principal.isEmpty ? "-" : principal, Self.range(query), query["query"]?.text ?? "")
        }
        return table.text(console)
    }

    /// `6h by 30s`, or `instant`.
    private static func range(_ query: JSONValue) -> String {
        let step = query["step"]?.double ?? 0
        guard step > 0 else { return "instant" }
        let length = (query["end"]?.double ?? 0) - (query["start"]?.double ?? 0)
        return "\(duration(length)) by \(duration(step))"
    }

    private static func duration(_ seconds: Double) -> String {
        Durations.text(ofMs: Int64(seconds * 1000))
    }
}

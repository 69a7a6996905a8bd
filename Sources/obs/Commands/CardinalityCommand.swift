import Encoding

extension Command {
    struct CardinalityOptions: Sendable {
        var server = ServerConnection.Options()
        var limit = 10
        var isJSON = false
    }

    static let cardinality = Command(
        "cardinality", "show what makes the metric store large",
        details: """
            It is told from the index: the metrics with most series, labels with most values, pairs that most series \
            carry, what each metric takes on disk (estimated from a spread of blocks), and which metrics made new series \
            in the last hour.
            """,
        options: CardinalityOptions(),
        settings: [
            .value("limit", "N", short: "n", "the most lines of each list, up to 10000", fallback: "10") {
                (options, text) throws(UsageError) in
                guard let limit = Int(text), (1...10_000).contains(limit) else {
                    throw UsageError("'\(text)' is no number from 1 to 10000")
                }
                options.limit = limit
            },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show it", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        examples: [
            .init(does: "What costs?", line: "obs cardinality"),
            .init(does: "For a script", line: "obs cardinality -n 100 -o json"),
        ]
    ) { options, invocation in
        var question = ServerConnection.Question(path: "/api/v1/status/tsdb")
        question.parameters = [("limit", String(options.limit))]
        let data = try ServerConnection(options.server, invocation.console).data(question)
        if options.isJSON {
            var writer = JSONWriter()
            writer.value(data)
            invocation.console.print(String(decoding: writer.bytes, as: UTF8.self))
        } else {
            invocation.console.print(cardinalityTables(data, invocation.console))
        }
        return .ok
    }

    private static func cardinalityTables(_ data: JSONValue, _ console: Console) -> String {
        func number(_ name: String) -> Int { data["headStats"]?[name]?.int ?? 0 }
        let head = "\(Amount.count(number("numSeries"))) series, \(Amount.count(number("numLabelPairs"))) label pairs"
        let churn = data["churn"]
        let created = churn?["created"]?.int ?? 0
        let since = CivilTime(ms: Int64(churn?["sinceMs"]?.int ?? 0)).rfc3339
        let lists: [(title: String, unit: String, counts: JSONValue?)] = [
            ("metrics by series", "SERIES", data["seriesCountByMetricName"]),
            ("metrics by bytes on disk", "BYTES", data["storedBytesByMetricName"]),
            ("labels by values", "VALUES", data["labelValueCountByLabelName"]),
            ("labels by bytes in the index", "BYTES", data["memoryInBytesByLabelName"]),
            ("pairs by series", "SERIES", data["seriesCountByLabelValuePair"]),
            ("metrics by new series since \(since), \(created) in all", "NEW", churn?["createdByMetricName"]),
        ]
        let tables = lists.map { list in
            var table = TextTable(list.unit, "NAME")
            for entry in list.counts?.elements ?? [] {
                let count = entry["value"]?.int ?? 0
                table.add(list.unit == "BYTES" ? Amount.bytes(count) : String(count), entry["name"]?.text ?? "")
            }
            return "\(list.title)\n\(table.text(console))"
        }
        return ([head] + tables).joined(separator: "\n\n")
    }
}

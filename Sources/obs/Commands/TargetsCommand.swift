import Encoding
import HTTP
import Model

extension Command {
    struct TargetsOptions: Sendable {
        var server = ServerConnection.Options()
        var job: String?
        var isDownOnly = false
        var showsDropped = false
        var isJSON = false
    }

    static let targets = Command(
        "targets", "list what is scraped and how it went",
        details: """
            Each target comes with its health, when it was scraped last, how long that took and how many samples it \
            brought. Below follows what is wrong with those that are down, and what to do about it. Exit code 1 says that \
            a target is down.
            """,
        options: TargetsOptions(),
        settings: [
            .value("job", "NAME", short: "j", "only targets of this job") { $0.job = $1 },
            .on("down", "only targets that are down") { $0.isDownOnly = true },
            .on("dropped", "the targets that relabelling dropped instead") { $0.showsDropped = true },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show them", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        examples: [
            .init(does: "What is down, and why?", line: "obs targets --down"),
            .init(does: "Why is a machine not scraped?", line: "obs targets --job node --dropped"),
        ]
    ) { options, invocation in
        let connection = ServerConnection(options.server, invocation.console)
        var question = ServerConnection.Question(path: "/api/v1/targets")
        question.parameters = [("state", options.showsDropped ? "dropped" : "active")]
        if let job = options.job { question.parameters.append(("scrapePool", job)) }
        let data = try connection.data(question)
        var targets = (data[options.showsDropped ? "droppedTargets" : "activeTargets"])?.elements ?? []
        if options.isDownOnly { targets = targets.filter { $0["health"]?.text == "down" } }
        let console = invocation.console
        if options.isJSON {
            var writer = JSONWriter()
            writer.value(.array(targets))
            console.print(String(decoding: writer.bytes, as: UTF8.self))
        } else if options.showsDropped {
            console.print(droppedTable(targets, console))
        } else {
            console.print(table(targets, console))
            for line in failures(targets) { console.print(line) }
        }
        return targets.contains { $0["health"]?.text == "down" } ? .bad : .ok
    }

    private static func table(_ targets: [JSONValue], _ console: Console) -> String {
        var table = TextTable("JOB", "INSTANCE", "HEALTH", "LAST SCRAPE", "TOOK", "SAMPLES", "URL")
        for target in targets {
            let last = target["lastScrape"]?.text ?? ""
            let wasScraped = !last.hasPrefix("0001")
            table.add(
                target["scrapePool"]?.text ?? "", target["labels"]?["instance"]?.text ?? "",
                target["health"]?.text ?? "", wasScraped ? String(last.dropFirst(11).prefix(8)) : "-",
                wasScraped ? milliseconds(target["lastScrapeDuration"]?.double ?? 0) : "-",
                wasScraped ? "\(target["samplesScraped"]?.int ?? 0)" : "-", target["scrapeUrl"]?.text ?? "")
        }
        return table.text(console)
    }

    private static func milliseconds(_ seconds: Double) -> String {
        FloatText.fixed(seconds * 1000, decimals: 1) + " ms"
    }

    private static func failures(_ targets: [JSONValue]) -> [String] {
        targets.filter { $0["health"]?.text == "down" }.flatMap { target in
            ["", "\(target["scrapeUrl"]?.text ?? ""): \(target["lastError"]?.text ?? "")"]
                + (target["suggestion"]?.text.map { ["  \($0)"] } ?? [])
        }
    }

    private static func droppedTable(_ targets: [JSONValue], _ console: Console) -> String {
        var table = TextTable("JOB", "ADDRESS", "LABELS BEFORE RELABELLING")
        for target in targets {
            let labels = target["discoveredLabels"]?.members ?? []
            let shown = labels.filter { $0.name.hasPrefix("__meta_") || !$0.name.hasPrefix("__") }
            table.add(
                target["scrapePool"]?.text ?? "", target["discoveredLabels"]?["__address__"]?.text ?? "",
                shown.map { "\($0.name)=\(Quoted.text($0.value.text ?? ""))" }.joined(separator: " "))
        }
        return table.text(console)
    }
}

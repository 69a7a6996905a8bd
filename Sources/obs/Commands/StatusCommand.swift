import Encoding
import HTTP
import Model
import Posix

extension Command {
    struct StatusOptions: Sendable {
        var server = ServerConnection.Options()
        var isJSON = false
        var showsQueries = false
        /// The number of a query to end.
        var killed: Int?
    }

    static let status = Command(
        "status", "show what a collector is, takes and holds",
        details: "It looks twice, a second apart, to tell the rate at which samples come in.",
        options: StatusOptions(),
        settings: [
            .on("queries", "the queries that wait or run there instead") { $0.showsQueries = true },
            .value("kill", "NUMBER", "end a query that --queries lists") { (options, text) throws(UsageError) in
                guard let number = Int(text), number > 0 else {
                    throw UsageError("'\(text)' is no number of a query; obs status --queries lists them")
                }
                options.killed = number
            },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show it", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        examples: [
            .init(does: "How is it?", line: "obs status"),
            .init(does: "What is asked of it just now?", line: "obs status --queries"),
            .init(does: "End a query", line: "obs status --kill 42"),
            .init(does: "Of another machine", line: "obs status --server https://obs.example.com"),
        ]
    ) { options, invocation in
        let connection = ServerConnection(options.server, invocation.console)
        if let number = options.killed {
            _ = try connection.data(.init(method: .post, path: "/debug/queries/\(number)/kill"))
            invocation.console.print("query \(number) ends")
            return .ok
        }
        if options.showsQueries {
            let queries = try QueryList(connection)
            invocation.console.print(options.isJSON ? queries.json : queries.text(invocation.console))
            return .ok
        }
        let build = try connection.data(.init(path: "/api/v1/status/buildinfo"))
        let runtime = try connection.data(.init(path: "/api/v1/status/runtimeinfo"))
        let status = try CollectorStatus(connection)
        invocation.console.print(
            options.isJSON ? status.json(build, runtime) : status.text(build, runtime, invocation.console))
        return .ok
    }
}

/// What `/obs/v1/status` says, with the rate that two looks at it give.
private struct CollectorStatus {
    private static let intervalNs: Int64 = 1_000_000_000

    private let data: JSONValue
    /// What `/obs/v1/remote_write` says of each receiver.
    private let receivers: [JSONValue]
    private let samplesPerSecond: Int
    /// How the server itself is reached.
    private let url: String

    init(_ connection: ServerConnection) throws {
        let time = SystemTime()
        let first = try connection.data(.init(path: "/obs/v1/status"))
        let startedNs = time.monotonicNs
        Self.wait()
        data = try connection.data(.init(path: "/obs/v1/status"))
        receivers = try connection.data(.init(path: "/obs/v1/remote_write"))["receivers"]?.elements ?? []
        let seconds = Double(time.monotonicNs - startedNs) / 1e9
        let taken = Self.number("samplesTaken", data) - Self.number("samplesTaken", first)
        samplesPerSecond = Int(Double(taken) / seconds)
        url = connection.url
    }

    private static func wait() {
        let nothing = Monitor(false)
        _ = nothing.wait(atMostNs: intervalNs, until: { $0 ? true : nil })
    }

    private static func number(_ name: String, _ data: JSONValue) -> Int { data[name]?.int ?? 0 }

    private func number(_ name: String) -> Int { Self.number(name, data) }

    func json(_ build: JSONValue, _ runtime: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(
            .object(
                (build.members ?? []) + (runtime.members ?? []) + (data.members ?? []) + [
                    JSONMember(name: "samplesPerSecond", value: .number(String(samplesPerSecond))),
                    JSONMember(name: "remoteWrite", value: .array(receivers)),
                ]))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    func text(_ build: JSONValue, _ runtime: JSONValue, _ console: Console) -> String {
        let times = data["minTimeMs"].map { _ in
            "\(moment("minTimeMs")) to \(moment("maxTimeMs"))"
        }
        let lines: [(String, String)] = [
            (
                "collector",
                "obs \(build["obsVersion"]?.text ?? "") (\(build["revision"]?.text ?? "")) on \(runtime["hostname"]?.text ?? ""), \(url)"
            ),
            ("up since", runtime["startTime"]?.text ?? ""),
            (
                "configuration",
                runtime["reloadConfigSuccess"]?.bool == false
                    ? "the last reload was refused: the old one is in force"
                    : "in force since \(runtime["lastConfigTime"]?.text ?? "")"
            ),
            (
                "ingest",
                "\(Amount.count(samplesPerSecond)) samples/s; \(Amount.count(number("samplesTaken"))) taken and \(Amount.count(number("samplesRefused"))) refused since the start"
            ),
            (
                "series",
                "\(Amount.count(number("activeSeries"))) active of \(Amount.count(number("series"))); \(Amount.count(number("seriesCreated"))) new since \(moment("seriesCreatedSinceMs"))"
            ),
            (
                "samples",
                "\(Amount.count(number("samplesAtRest"))) at rest, \(Amount.count(number("samplesInHead"))) in memory"
                    + (times.map { "; \($0)" } ?? "")
            ),
            (
                "disk",
                "\(Amount.bytes(number("storedBytes"))) in \(number("parts")) parts (index \(Amount.bytes(number("indexBytes")))), log \(Amount.bytes(number("logBytes"))); \(Amount.bytes(number("freeBytes"))) of \(Amount.bytes(number("totalBytes"))) free"
            ),
            ("memory", Amount.bytes(number("residentBytes"))),
            ("data", data["dataDirectory"]?.text ?? ""),
        ]
        let limits = (data["limits"]?.members ?? []).map { ("  " + $0.name, $0.value.int.map(String.init) ?? "") }
        let sending = receivers.map { ("  " + ($0["name"]?.text ?? ""), Self.text(ofReceiver: $0)) }
        let all = lines + (sending.isEmpty ? [] : [("remote write", "")]) + sending + [("limits", "")] + limits
        let width = all.map(\.0.count).max() ?? 0
        return all.map { name, text in
            text.isEmpty ? console.heading(name) : name + String(repeating: " ", count: width - name.count + 2) + text
        }.joined(separator: "\n")
    }

    private static func text(ofReceiver data: JSONValue) -> String {
        let counts =
            "\(Amount.count(number("samplesSent", data))) sent and \(Amount.count(number("samplesFailed", data))) refused by \(data["url"]?.text ?? ""); \(Amount.bytes(number("backlogBytes", data))) of the log wait, \(number("shards", data)) shards"
        return data["lastFailure"]?.text.map { "\(counts); \($0)" } ?? counts
    }

    private func moment(_ name: String) -> String { CivilTime(ms: Int64(number(name))).rfc3339 }
}

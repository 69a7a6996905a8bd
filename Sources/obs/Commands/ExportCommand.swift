import Encoding
import Posix

extension Command {
    struct ExportOptions: Sendable {
        var server = ServerConnection.Options()
        var start: String?
        var end: String?
        var isText = false
        var isSorted = false
        var isLogs = false
        /// Nil: compressed where the file's name says so.
        var isCompressed: Bool?
        /// Nil writes to standard output.
        var file: String?
    }

    static let export = Command(
        "export", "write stored samples or log lines to a file or to standard output",
        details: """
            Without a selector everything is written. JSON lines keep every bit: native histograms, stale markers and \
            start times; see Ingest.docc/Lines.md. The text format of Prometheus has no form for native histograms \
            and stale markers, which are left out. With --logs it is entries of logs, byte for byte. Memory is bounded at both ends, whatever is asked for.
            """,
        options: ExportOptions(),
        settings: [
            .value("output", "FILE", short: "o", "write here", fallback: "standard output", candidates: .files) {
                $0.file = $1
            },
            .choice("format", "FORMAT", ["json", "text"], "JSON lines, or Prometheus' text format", fallback: "json") {
                $0.isText = $1 == "text"
            },
            .value("from", "TIME", "from this instant on: Unix seconds or RFC 3339", fallback: "the oldest sample") {
                $0.start = $1
            },
            .value("to", "TIME", "up to this instant, which is included", fallback: "the newest sample") {
                $0.end = $1
            },
            .on("logs", "entries of logs instead of samples") { $0.isLogs = true },
            .on("sort", "series in the order of their labels, which takes memory for all of them; logs by time") {
                $0.isSorted = true
            },
            .on("gzip", "compress; the default for a FILE that ends in .gz") { $0.isCompressed = true },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(
            name: "SELECTOR", doc: "series or streams to write, such as up{job=\"node\"}", count: 0...64,
            candidates: .nothing),
        examples: [
            .init(does: "Everything, compressed", line: "obs export -o all.jsonl.gz"),
            .init(does: "One hour of two metrics", line: "obs export up node_load1 --from 1767225600 --to 1767229200"),
            .init(does: "The logs of one program", line: "obs export --logs '{service=\"api\"}' -o api.jsonl.gz"),
            .init(does: "From one collector into another", line: "obs export | obs import --server http://b:9440"),
        ]
    ) { options, invocation in
        if options.isLogs && options.isText { throw UsageError("logs have no text format: leave --format away") }
        let output = try OutputFile(options.file, isCompressed: options.isCompressed)
        let bar = ProgressBar("exporting", total: nil, invocation.console, amount: Amount.bytes)
        var question = ServerConnection.Question(
            path: options.isLogs
                ? "/obs/v1/logs/export" : options.isText ? "/api/v1/export/prometheus" : "/api/v1/export")
        question.parameters = invocation.operands.map { ("match[]", $0) }
        if let start = options.start { question.parameters.append(("start", start)) }
        if let end = options.end { question.parameters.append(("end", end)) }
        if options.isSorted { question.parameters.append(("sort", options.isLogs ? "time" : "labels")) }
        question.timeoutNs = transferNs
        question.receive = { bytes in
            bar.advance(by: bytes.count)
            return output.write(bytes)
        }
        defer { bar.end() }
        do throws(ServerFailure) {
            _ = try ServerConnection(options.server, invocation.console).answer(to: question)
        } catch {
            // The end of the reader ends the transfer; its reason is the one to tell.
            if let failure = output.failure { throw failure }
            throw error
        }
        try output.finish()
        return .ok
    }

    /// How long data may take to be sent, one day.
    static let transferNs: Int64 = 86_400_000_000_000
}

import Crypto
import Encoding
import HTTP
import Posix

extension Command {
    struct ImportOptions: Sendable {
        var server = ServerConnection.Options()
        var isText = false
        var isLogs = false
    }

    static let `import` = Command(
        "import", "send samples or log lines from files or standard input to the collector",
        details: """
            It takes what 'obs export' and VictoriaMetrics' /api/v1/export write, plain or compressed by gzip: JSON \
            lines, or lines of Prometheus' text format that have timestamps. A line that is refused is named with its \
            number, and the rest is kept; samples that are there already are kept once. With \
            --logs it takes what 'obs export --logs' writes. Exit code 1 says that a line was \
            refused.
            """,
        options: ImportOptions(),
        settings: [
            .choice("format", "FORMAT", ["json", "text"], "JSON lines, or Prometheus' text format", fallback: "json") {
                $0.isText = $1 == "text"
            },
            .on("logs", "the lines are entries of logs") { $0.isLogs = true },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(
            name: "FILE", doc: "lines of samples or logs; '-' or none for standard input", count: 0...10_000,
            candidates: .files
        ),
        examples: [
            .init(does: "What was exported before", line: "obs import all.jsonl.gz"),
            .init(does: "Logs that were exported before", line: "obs import --logs api.jsonl.gz"),
            .init(
                does: "From VictoriaMetrics",
                line: "curl -s 'http://vm:8428/api/v1/export?match[]={job=\"a\"}' | obs import"),
        ]
    ) { options, invocation in
        if options.isLogs && options.isText { throw UsageError("logs have no text format: leave --format away") }
        let connection = ServerConnection(options.server, invocation.console)
        var isWhole = true
        for path in invocation.operands.isEmpty ? ["-"] : invocation.operands {
            var transfer = ImportTransfer(connection, options, invocation.console)
            isWhole = try transfer.send(InputFile.open(path)) && isWhole
        }
        return isWhole ? .ok : .bad
    }
}

/// One file on its way to the collector, in pieces of whole lines.
private struct ImportTransfer {
    /// A server that takes nothing now is asked again for so long.
    private static let retryNs: Int64 = 120_000_000_000
    /// A line longer than this is sent as it is and refused by the server.
    private static let lineBytesMax = 24 << 20

    /// What the server is asked to take at once.
    private static let pieceBytes = 4 << 20

    private let connection: ServerConnection
    private let contentType: String
    /// Of logs: names this transfer, so that a piece that is sent again is taken once. Nil for samples.
    private let sender: String?
    private var sequence = 0
    private let console: Console
    private var pending: [UInt8] = []
    private var line = 1
    private var isWhole = true

    init(_ connection: ServerConnection, _ options: Command.ImportOptions, _ console: Console) {
        (self.connection, self.console) = (connection, console)
        contentType = options.isText ? ContentType.text : "application/stream+json"
        sender = options.isLogs ? "import-\(Hexadecimal.string(SecureRandom.bytes(8).span))" : nil
    }

    /// - Returns: whether every line was taken.
    mutating func send(_ input: consuming InputFile) throws -> Bool {
        var input = input
        let bar = ProgressBar("importing \(input.path)", total: input.bytes, console, amount: Amount.bytes)
        defer { bar.end() }
        while true {
            let count = try input.read(into: &pending)
            if count == 0 { break }
            while pending.count >= Self.pieceBytes, let end = lastLineEnd() { try sendLines(upTo: end, input.path) }
            bar.advance(by: count)
        }
        if !pending.isEmpty { try sendLines(upTo: pending.count, input.path) }
        return isWhole
    }

    /// Behind the last whole line of the piece; nil while a line has no end yet.
    private func lastLineEnd() -> Int? {
        if let newline = pending.prefix(Self.pieceBytes).lastIndex(of: UInt8(ascii: "\n")) { return newline + 1 }
        if let newline = pending.firstIndex(of: UInt8(ascii: "\n")) { return newline + 1 }
        return pending.count > Self.lineBytesMax ? pending.count : nil
    }

    private mutating func sendLines(upTo end: Int, _ path: String) throws {
        let body = Array(pending[..<end])
        var question = ServerConnection.Question(method: .post, path: "/api/v1/import")
        question.parameters = [("first_line", String(line))]
        if let sender {
            sequence += 1
            question.path = "/obs/v1/logs/import"
            question.parameters += [("sender", sender), ("sequence", String(sequence))]
        }
        question.body = body
        question.contentType = contentType
        question.retryNs = Self.retryNs
        let response = try connection.response(to: question)
        switch response.status {
        case .noContent: break
        case .badRequest:
            isWhole = false
            console.progress("")
            console.complain("\(path): " + String(decoding: response.body, as: UTF8.self))
        default: throw connection.failure(of: response, to: question)
        }
        line += body.count { $0 == UInt8(ascii: "\n") }
        pending.removeFirst(end)
    }
}

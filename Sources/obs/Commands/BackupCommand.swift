import Encoding
import HTTP
import Model
import Posix

extension Command {
    struct BackupOptions: Sendable {
        var server = ServerConnection.Options()
        var isJSON = false
    }

    static let backup = Command(
        "backup", "have a running collector back everything up into a folder of its machine",
        details: """
            Everything that was acknowledged before is in the backup: metrics and the ledger. A folder that holds an \
            earlier backup gets what is new. Parts of the metrics are linked where folder and data are on one device, \
            which takes no time and no space, and copied elsewhere. It needs a token of role admin where the collector \
            asks for tokens.
            """,
        options: BackupOptions(),
        settings: [
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to tell what was done", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(name: "FOLDER", doc: "new, empty or a backup", count: 1...1, candidates: .folders),
        examples: [
            .init(does: "Each night onto another disk", line: "obs backup /mnt/backup/obs"),
            .init(does: "And see whether it is good", line: "obs backup /mnt/obs && obs verify /mnt/obs"),
        ]
    ) { options, invocation in
        let folder = invocation.operands[0]
        var question = ServerConnection.Question(method: .post, path: "/obs/v1/backup")
        question.parameters = [("to", folder.hasPrefix("/") ? folder : FilePath.join(Machine.workingDirectory, folder))]
        question.timeoutNs = transferNs
        let report = try ServerConnection(options.server, invocation.console).data(question)
        invocation.console.print(options.isJSON ? json(report) : sentence(report))
        return .ok
    }

    private static func json(_ report: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(report)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func sentence(_ report: JSONValue) -> String {
        func number(_ name: String) -> Int { report[name]?.int ?? 0 }
        let seconds = FloatText.fixed(Double(number("finishedMs") - number("startedMs")) / 1000, decimals: 1)
        return """
            \(report["folder"]?.text ?? "") holds everything up to \(CivilTime(ms: Int64(number("startedMs"))).rfc3339)
            \(number("parts")) parts of \(Amount.bytes(number("bytes"))), \(number("newParts")) of them new with \
            \(Amount.bytes(number("newBytes"))), of which \(Amount.bytes(number("copiedBytes"))) were copied; \
            other files \(Amount.bytes(number("otherBytes"))); \(seconds) s
            """
    }
}

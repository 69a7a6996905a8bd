import Encoding
import HTTP

extension Command {
    struct SilencePreviewOptions: Sendable {
        var server = ServerConnection.Options()
    }

    static let silencePreview = Command(
        "silence preview", "show what a silence would have muted in the last 7 days",
        details: """
            Each alert comes with how often it fired and for how long in all. Exit code 1 says that the silence is too \
            broad: it would have muted more than half of all that fired.
            """,
        options: SilencePreviewOptions(),
        settings: [ServerConnection.Options.server.within(\.server)],
        operands: Operands(
            name: "MATCHER", doc: "what the labels have to match", count: 1...Int.max, candidates: .nothing),
        examples: [.init(does: "Is this what I mean?", line: "obs silence preview instance=~db.* severity=warning")]
    ) { options, invocation in
        _ = try SilenceArguments.matchers(invocation.operands)
        let preview = try ServerConnection(options.server, invocation.console).preview(invocation.operands)
        var table = TextTable("LABELS", "FIRED", "SECONDS")
        for muted in preview["muted"]?.elements ?? [] {
            table.add(
                muted["labels"]?.labelText ?? "", "\(muted["firings"]?.int ?? 0)",
                FloatText.fixed(muted["firingSeconds"]?.double ?? 0, decimals: 0))
        }
        invocation.console.print(table.text(invocation.console))
        invocation.console.print(
            "\(preview["muted"]?.elements?.count ?? 0) of \(preview["alerts"]?.int ?? 0) alerts that fired")
        return preview["tooBroad"]?.bool == true ? .bad : .ok
    }
}

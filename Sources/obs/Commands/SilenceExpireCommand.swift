import HTTP

extension Command {
    struct SilenceExpireOptions: Sendable {
        var server = ServerConnection.Options()
    }

    static let silenceExpire = Command(
        "silence expire", "end silences now",
        details: "What they kept silent is told again with the next interval of its group.",
        options: SilenceExpireOptions(),
        settings: [ServerConnection.Options.server.within(\.server)],
        operands: Operands(name: "ID", doc: "of a silence", count: 1...Int.max, candidates: .nothing),
        examples: [.init(does: "The disk is replaced", line: "obs silence expire 5c3ad01f-3b0c-4c45-a0c8-8d6c9f0a7a11")]
    ) { options, invocation in
        let connection = ServerConnection(options.server, invocation.console)
        for id in invocation.operands {
            var question = ServerConnection.Question(path: "/api/v2/silence/\(PercentEncoding.encode(id))")
            question.method = .delete
            _ = try connection.answer(to: question)
        }
        return .ok
    }
}

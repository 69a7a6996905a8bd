import Encoding
import HTTP
import Ledger

extension Command {
    struct TokenListOptions: Sendable {
        var ledger = LocalLedgerOptions()
        var includesRevoked = false
        var isJSON = false
    }

    static let tokenList = Command(
        "token list", "list the tokens, without their secrets", options: TokenListOptions(),
        settings: [
            .on("all", short: "a", "with those that were revoked") { $0.includesRevoked = true },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show them", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            LocalLedgerOptions.data.within(\.ledger),
        ],
        examples: [.init(does: "Who may come in, and when did they last?", line: "obs token list")]
    ) { options, invocation in
        let local = try LocalLedger(options.ledger.dataDirectory, mayCreate: false)
        let tokens = try local.ledger.tokens(includingRevoked: options.includesRevoked)
        invocation.console.print(options.isJSON ? json(tokens) : table(tokens, invocation.console))
        return .ok
    }

    private static func table(_ tokens: [TokenRecord], _ console: Console) -> String {
        var table = TextTable("NAME", "ROLE", "CREATED", "BY", "LAST USED", "REVOKED")
        for token in tokens {
            table.add(
                token.name, token.role.rawValue, minute(token.createdMs), token.createdBy, minute(token.lastUsedMs),
                minute(token.revokedMs))
        }
        return table.text(console)
    }

    /// `2026-11-20 19:51`, UTC.
    private static func minute(_ ms: Int64?) -> String {
        guard let ms else { return "-" }
        let text = CivilTime(ms: ms).rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
    }

    private static func json(_ tokens: [TokenRecord]) -> String {
        var writer = JSONWriter()
        writer.beginArray()
        for token in tokens {
            writer.beginObject()
            writer.member("name", token.name)
            writer.member("role", token.role.rawValue)
            writer.member("created", CivilTime(ms: token.createdMs).rfc3339)
            writer.member("createdBy", token.createdBy)
            if let lastUsedMs = token.lastUsedMs { writer.member("lastUsed", CivilTime(ms: lastUsedMs).rfc3339) }
            if let revokedMs = token.revokedMs { writer.member("revoked", CivilTime(ms: revokedMs).rfc3339) }
            if let limit = token.limits.requestsPerSecond { writer.member("requestsPerSecond", limit) }
            if let limit = token.limits.bytesPerSecond { writer.member("bytesPerSecond", limit) }
            if let limit = token.limits.requestsAtOnce { writer.member("requestsAtOnce", limit) }
            writer.endObject()
        }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

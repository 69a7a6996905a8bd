import Crypto
import HTTP
import Ledger
import Text

extension Command {
    struct TokenCreateOptions: Sendable {
        var ledger = LocalLedgerOptions()
        var role = Role.read
        var limits = PrincipalLimits.none
    }

    static let tokenCreate = Command(
        "token create", "make a token and show it once",
        details: """
            A token lets a program in: it sends 'Authorization: Bearer <token>'. ingest may send data and see none, read \
            may ask, operate may also silence and acknowledge, admin may do everything. A running collector takes a new \
            token within a second.
            """,
        options: TokenCreateOptions(),
        settings: [
            .choice(
                "role", "ROLE", short: "r", Role.allCases.map(\.rawValue), "what it may do",
                fallback: Role.read.rawValue
            ) {
                if let role = Role(rawValue: $1) { $0.role = role }
            },
            .value("requests-per-second", "N", "refuse more requests than this", fallback: "no limit") {
                (options, text) throws(UsageError) in
                guard let count = Int(text), count > 0 else { throw UsageError("'\(text)' is no number above 0") }
                options.limits.requestsPerSecond = count
            },
            .value("bytes-per-second", "SIZE", "refuse more bytes than this, such as 10MB", fallback: "no limit") {
                (options, text) throws(UsageError) in
                do throws(ByteSizeError) {
                    options.limits.bytesPerSecond = Int(try ByteSize.bytes(of: text))
                } catch {
                    throw UsageError("\(error)")
                }
            },
            .value("requests-at-once", "N", "refuse more requests than this at the same time", fallback: "no limit") {
                (options, text) throws(UsageError) in
                guard let count = Int(text), count > 0 else { throw UsageError("'\(text)' is no number above 0") }
                options.limits.requestsAtOnce = count
            },
            LocalLedgerOptions.data.within(\.ledger),
        ],
        operands: Operands(name: "NAME", doc: "who will use it", count: 1...1, candidates: .nothing),
        examples: [
            .init(does: "For the agent of a server", line: "obs token create --role ingest web-1"),
            .init(does: "For a person who asks", line: "export OBS_TOKEN=$(obs token create --role read ada)"),
        ]
    ) { options, invocation in
        let local = try LocalLedger(options.ledger.dataDirectory, mayCreate: true)
        let token = try local.ledger.createToken(
            name: invocation.operands[0], role: options.role, limits: options.limits, by: LocalLedger.operatorName)
        invocation.console.print(token.text)
        return .ok
    }
}

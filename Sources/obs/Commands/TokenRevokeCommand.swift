import Ledger

extension Command {
    static let tokenRevoke = Command(
        "token revoke", "refuse a token from now on", options: LocalLedgerOptions(),
        settings: [LocalLedgerOptions.data],
        operands: Operands(name: "NAME", doc: "of the token, as it was created", count: 1...1, candidates: .nothing),
        examples: [.init(does: "The token of web-1 has leaked", line: "obs token revoke web-1")]
    ) { options, invocation in
        let local = try LocalLedger(options.dataDirectory, mayCreate: false)
        try local.ledger.revokeToken(name: invocation.operands[0], by: LocalLedger.operatorName)
        invocation.console.print("\(invocation.operands[0]) is revoked")
        return .ok
    }
}

import Ledger

extension Command {
    struct VerifyOptions: Sendable {
        var ledger = LocalLedgerOptions()
        var known: AuditPoint?
    }

    static let verify = Command(
        "verify", "check what a data directory holds",
        details: """
            It checks the ledger's database and the hash chain of the audit trail, and prints the trail's head. Note the \
            head elsewhere: --known proves later that nothing up to it was rewritten. Exit code 1 says that something is \
            wrong.
            """,
        options: VerifyOptions(),
        settings: [
            .value("known", "HEAD", "a head that was noted earlier, which the trail must still go through") {
                (options, text) throws(UsageError) in
                guard let point = AuditPoint(text) else {
                    throw UsageError("'\(text)' is no head, which is a number, a colon and 64 hexadecimal digits")
                }
                options.known = point
            },
            LocalLedgerOptions.data.within(\.ledger),
        ],
        examples: [
            .init(does: "Is everything as obs left it?", line: "obs verify"),
            .init(does: "Was the trail rewritten since the head was noted?", line: "obs verify --known 17:9f86d081..."),
        ]
    ) { options, invocation in
        let local = try LocalLedger(options.ledger.dataDirectory, mayCreate: false)
        let report = try local.ledger.verifyAudit(known: options.known)
        let findings = try local.ledger.integrityFindings() + report.findings
        let console = invocation.console
        for finding in findings { console.print(finding) }
        for range in report.absentEntries {
            console.print(
                "entries \(range.lowerBound) to \(range.upperBound) are not here; were their archives moved away?")
        }
        console.print("\(report.entriesChecked) audit entries checked, head \(report.head)")
        return findings.isEmpty ? .ok : .bad
    }
}

import Encoding
import Ledger
import LogDB
import Posix
import TSDB

extension Command {
    struct VerifyOptions: Sendable {
        var ledger = LocalLedgerOptions()
        var known: AuditPoint?
        /// Where all that is stored of logs is written, decompressed; nil for nowhere.
        var dump: String?
    }

    static let verify = Command(
        "verify", "check every byte of a backup or of a data directory",
        details: """
            Each part of metrics and logs is read and held against its checksum, and what is damaged is named. Of a data \
            directory the ledger's database and the hash chain of the audit trail are checked too, and the trail's head \
            is printed. Note the head elsewhere: --known proves later that nothing up to it was rewritten. A collector \
            may run meanwhile. Exit code 1 says that something is wrong.
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
            .value(
                "dump", "FILE",
                "write everything that is stored of logs, decompressed, to look for what must not be there",
                candidates: .files
            ) { $0.dump = $1 },
            LocalLedgerOptions.data.within(\.ledger),
        ],
        operands: Operands(
            name: "FOLDER", doc: "a backup or a data directory; that of --data where none is named", count: 0...1,
            candidates: .folders),
        examples: [
            .init(does: "Is everything as obs left it?", line: "obs verify"),
            .init(
                does: "What is stored of logs, to look through",
                line: "obs verify --dump logs.txt && grep -ac 4111 logs.txt"),
            .init(does: "Is the backup good?", line: "obs verify /mnt/backup/obs"),
            .init(does: "Was the trail rewritten since the head was noted?", line: "obs verify --known 17:9f86d081..."),
        ]
    ) { options, invocation in
        let folder = invocation.operands.first ?? options.ledger.dataDirectory
        if let dump = options.dump { try Self.dump(logsOf: folder, to: dump) }
        if try BackupRecord(in: folder, LocalFileSystem()) != nil {
            return try verifyBackup(folder, invocation.console)
        }
        // Looked for first: a ledger is made where it is opened.
        let places = try [MetricBackend.directoryName, LogBackend.directoryName, LocalLedger.directoryName].filter {
            try LocalFileSystem().status(at: FilePath.join(folder, $0)) != nil
        }
        guard !places.isEmpty else {
            throw BackupFailure("\(folder) is neither a backup nor a data directory of obs")
        }
        var isGood = true
        if places.contains(MetricBackend.directoryName) { isGood = try verifyMetrics(folder, invocation.console) }
        if places.contains(LogBackend.directoryName) {
            isGood = try verifyLogs(folder, invocation.console) && isGood
        }
        if places.contains(LocalLedger.directoryName) {
            isGood = try verifyLedger(folder, known: options.known, invocation.console) && isGood
        }
        return isGood ? .ok : .bad
    }

    private static func verifyBackup(_ folder: String, _ console: Console) throws -> ExitCode {
        let backup = try BackupFolder(folder)
        let findings = try Verification.run(console, "checking", bytes: backup.bytes, backup.findings)
        for finding in findings { console.print(finding) }
        console.print(
            """
            backup of \(backup.record.hostname), \(CivilTime(ms: backup.record.startedMs).rfc3339): \
            \(backup.partCount) parts and \(backup.record.files.count) other files checked, \
            \(Amount.bytes(backup.bytes))
            """)
        return findings.isEmpty ? .ok : .bad
    }

    /// False where something is wrong.
    private static func verifyMetrics(_ folder: String, _ console: Console) throws -> Bool {
        let store = try ClosedStore(FilePath.join(folder, MetricBackend.directoryName))
        let findings = try Verification.run(console, "checking", bytes: store.bytes) { try store.findings($0) }
        for finding in findings { console.print(finding) }
        console.print("\(store.partCount) parts of metrics checked, \(Amount.bytes(store.bytes))")
        return findings.isEmpty
    }

    /// False where something is wrong.
    private static func verifyLogs(_ folder: String, _ console: Console) throws -> Bool {
        let store = try ClosedLogStore(FilePath.join(folder, LogBackend.directoryName))
        let findings = try Verification.run(console, "checking", bytes: store.bytes) { try store.findings($0) }
        for finding in findings { console.print(finding) }
        console.print("\(store.partCount) parts of logs checked, \(Amount.bytes(store.bytes))")
        return findings.isEmpty
    }

    private static func dump(logsOf folder: String, to file: String) throws {
        let output = try OutputFile(file, isCompressed: nil)
        let store = try ClosedLogStore(FilePath.join(folder, LogBackend.directoryName))
        try store.dump { _ = output.write($0) }
        try output.finish()
    }

    /// False where something is wrong.
    private static func verifyLedger(_ folder: String, known: AuditPoint?, _ console: Console) throws -> Bool {
        let local = try LocalLedger(folder, mayCreate: false)
        let report = try local.ledger.verifyAudit(known: known)
        let findings = try local.ledger.integrityFindings() + report.findings
        for finding in findings { console.print(finding) }
        for range in report.absentEntries {
            console.print(
                "entries \(range.lowerBound) to \(range.upperBound) are not here; were their archives moved away?")
        }
        console.print("\(report.entriesChecked) audit entries checked, head \(report.head)")
        return findings.isEmpty
    }
}

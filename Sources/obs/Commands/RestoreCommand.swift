import Encoding
import Parts
import Posix

extension Command {
    struct RestoreOptions: Sendable {
        var dataDirectory = CollectorOptions.dataDirectoryDefault
    }

    static let restore = Command(
        "restore", "make a data directory of a backup",
        details: """
            Every byte of the backup is read and held against its checksum first; a backup that is damaged is not \
            restored. The data directory must not hold anything yet. The backup is left as it is, and can be used again: \
            files are linked where both are on one device, and nobody changes them.
            """,
        options: RestoreOptions(),
        settings: [
            .value(
                "data", "FOLDER", "the data directory to make", fallback: CollectorOptions.dataDirectoryDefault,
                candidates: .folders
            ) { $0.dataDirectory = $1 }
        ],
        operands: Operands(name: "BACKUP", doc: "the folder of a backup", count: 1...1, candidates: .folders),
        examples: [
            .init(
                does: "Start again from a backup",
                line: "obs restore /mnt/backup/obs --data /var/lib/obs && obs collector --data /var/lib/obs")
        ]
    ) { options, invocation in
        let console = invocation.console
        let backup = try BackupFolder(invocation.operands[0])
        let findings = try Verification.run(console, "checking", bytes: backup.bytes, backup.findings)
        guard findings.isEmpty else {
            for finding in findings { console.print(finding) }
            throw BackupFailure("\(backup.folder) is damaged and nothing was restored")
        }
        let report = try backup.restore(to: options.dataDirectory)
        console.print(
            """
            \(options.dataDirectory) holds what \(backup.record.hostname) had at \
            \(CivilTime(ms: backup.record.startedMs).rfc3339): \(report.parts) parts of \(Amount.bytes(report.bytes)), \
            of which \(Amount.bytes(report.copiedBytes)) were copied
            """)
        return .ok
    }
}

/// Reading much to find what is wrong with it, with progress.
enum Verification {
    static func run(
        _ console: Console, _ what: String, bytes: Int, _ check: ((Int) -> Void) throws -> [String]
    ) rethrows -> [String] {
        let bar = ProgressBar(what, total: bytes, console, amount: Amount.bytes)
        defer { bar.end() }
        return try check { bar.advance(by: $0) }
    }
}

import Ledger
import LogDB
import Parts
import Posix
import Storage
import TSDB

/// Makes backups of a running collector, one at a time. A folder that holds an earlier backup gets what is new.
final class BackupMaker: Sendable {
    /// What was done.
    struct Report: Sendable {
        var folder: String
        var startedMs: Int64
        var finishedMs: Int64
        /// Of metrics and logs.
        var parts: PartsCopy.Report
        /// Of files that are no parts.
        var otherBytes: Int
    }

    private let store: TimeSeriesStore
    private let logs: LogDatabase
    private let ledger: Ledger
    private let alerts: AlertDelivery
    private let ledgerDirectory: String
    private let time: any TimeSource
    private let system: any FileSystem
    private let isRunning = Lock(false)

    /// - Parameter ledgerDirectory: where the ledger lies, if anything was ever written into it.
    init(
        _ store: TimeSeriesStore, _ logs: LogDatabase, _ ledger: Ledger, _ alerts: AlertDelivery,
        ledgerDirectory: String, time: any TimeSource, in system: any FileSystem = LocalFileSystem()
    ) {
        (self.store, self.logs, self.ledger, self.alerts) = (store, logs, ledger, alerts)
        self.ledgerDirectory = ledgerDirectory
        (self.time, self.system) = (time, system)
    }

    /// Makes the folder hold everything that was acknowledged before the call.
    func run(to folder: String) throws -> Report {
        guard folder.hasPrefix("/") else {
            throw BackupFailure("'\(folder)' does not begin at the root: name a full path")
        }
        let isFree = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
        guard isFree else { throw BackupFailure("another backup is being made; try again when it is done") }
        defer { isRunning.withLock { $0 = false } }
        try check(folder)
        var record = BackupRecord(version: Version.current, hostname: Machine.hostname, startedMs: time.wallMs)
        try system.createDirectories(folder)
        try write(record, to: folder)
        var parts = try store.backUp(to: FilePath.join(folder, BackupFolder.metrics))
        parts.add(try logs.backUp(to: FilePath.join(folder, BackupFolder.logs)))
        try backUpLedger(to: folder)
        for path in try BackupFolder.otherFiles(in: folder, system) {
            record.files.append(try BackupRecord.measure(path, in: folder, system))
        }
        let finishedMs = time.wallMs
        record.finishedMs = finishedMs
        try write(record, to: folder)
        return Report(
            folder: folder, startedMs: record.startedMs, finishedMs: finishedMs, parts: parts,
            otherBytes: record.files.reduce(0) { $0 + $1.bytes })
    }

    /// Makes a data directory of metrics and logs as they are now, by hard links.
    func snapshot(to folder: String) throws {
        try store.snapshot(to: FilePath.join(folder, BackupFolder.metrics))
        try logs.snapshot(to: FilePath.join(folder, BackupFolder.logs))
    }

    /// Nothing is written into a folder that holds anything else than a backup.
    private func check(_ folder: String) throws {
        guard try system.status(at: folder) != nil else { return }
        if try BackupRecord(in: folder, system) != nil { return }
        guard try system.list(folder).isEmpty else {
            throw BackupFailure("\(folder) is neither empty nor a backup: name another folder")
        }
    }

    private func backUpLedger(to folder: String) throws {
        try alerts.backUp(to: FilePath.join(folder, LocalLedger.directoryName))
        // A ledger is made at its first use; none is made for a backup.
        guard try system.status(at: FilePath.join(ledgerDirectory, Ledger.databaseFile)) != nil else { return }
        try ledger.backUp(to: FilePath.join(folder, LocalLedger.directoryName))
    }

    private func write(_ record: BackupRecord, to folder: String) throws(SystemError) {
        try system.replaceFile(FilePath.join(folder, BackupRecord.fileName), with: record.json.span)
    }
}

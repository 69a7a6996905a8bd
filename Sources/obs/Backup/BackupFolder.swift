import Ledger
import LogDB
import Parts
import Posix
import TSDB

/// A backup as it lies in its folder. It is only read.
struct BackupFolder {
    /// Where the metrics lie in it, as in a data directory.
    static let metrics = "metrics"
    /// Where the logs lie; backups of an obs that had none lack it.
    static let logs = "logs"

    let folder: String
    let record: BackupRecord
    let store: ClosedStore
    let logs: ClosedLogStore?
    private let system: any FileSystem

    /// - Throws: where there is no backup, or one that was not finished.
    init(_ folder: String, in system: any FileSystem = LocalFileSystem()) throws {
        self.folder = folder
        self.system = system
        guard let record = try BackupRecord(in: folder, system) else {
            throw BackupFailure("\(folder) is no backup: it has no \(BackupRecord.fileName)")
        }
        guard record.finishedMs != nil else {
            throw BackupFailure("the backup in \(folder) was not finished: make it again with 'obs backup'")
        }
        self.record = record
        store = try ClosedStore(FilePath.join(folder, Self.metrics), in: system)
        let logs = FilePath.join(folder, Self.logs)
        self.logs = try system.status(at: logs) == nil ? nil : try ClosedLogStore(logs, in: system)
    }

    var partCount: Int { store.partCount + (logs?.partCount ?? 0) }

    /// Of all that `findings` reads.
    var bytes: Int { store.bytes + (logs?.bytes ?? 0) + record.files.reduce(0) { $0 + $1.bytes } }

    /// Reads every byte, and holds it against its checksum.
    ///
    /// - Parameter advance: called now and then with how many bytes were read since.
    /// - Returns: a sentence for each thing that is wrong.
    func findings(_ advance: (Int) -> Void) throws -> [String] {
        var findings: [String] = []
        for file in record.files {
            do throws(SystemError) {
                let found = try BackupRecord.measure(file.path, in: folder, system)
                if found.bytes != file.bytes {
                    findings.append("\(file.path): it has \(found.bytes) bytes instead of \(file.bytes)")
                } else if found.checksum != file.checksum {
                    findings.append("\(file.path): its checksum does not match")
                }
            } catch {
                findings.append("\(file.path): \(error)")
            }
            advance(file.bytes)
        }
        return try findings + store.findings(advance) + (logs?.findings(advance) ?? [])
    }

    /// Makes a data directory of it, by links where that is possible. Metrics, logs and ledger each are there whole or not at
    /// all.
    ///
    /// - Parameter dataDirectory: must hold none of them.
    func restore(to dataDirectory: String) throws -> PartsCopy.Report {
        try system.createDirectories(dataDirectory)
        let lock = try DataDirectoryLock(dataDirectory, in: system)
        defer { withExtendedLifetime(lock) {} }
        let metrics = FilePath.join(dataDirectory, Self.metrics)
        let logs = FilePath.join(dataDirectory, Self.logs)
        let ledger = FilePath.join(dataDirectory, LocalLedger.directoryName)
        for place in [metrics, logs, ledger] {
            guard try system.status(at: place) == nil else {
                throw BackupFailure("\(dataDirectory) holds data already: name a new folder with --data")
            }
        }
        var report = try restore(to: metrics) { try store.copy(to: $0) }
        if let own = self.logs { report.add(try restore(to: logs) { try own.copy(to: $0) }) }
        try restoreLedger(to: ledger)
        try system.syncDirectory(dataDirectory)
        return report
    }

    private func restore(
        to target: String, _ copy: (String) throws -> PartsCopy.Report
    ) throws -> PartsCopy.Report {
        let beside = target + ".tmp"
        try system.removeTree(beside)
        let report = try copy(beside)
        try system.rename(beside, to: target)
        return report
    }

    private func restoreLedger(to target: String) throws {
        let prefix = LocalLedger.directoryName + "/"
        let files = record.files.filter { $0.path.hasPrefix(prefix) }
        guard !files.isEmpty else { return }
        let beside = target + ".tmp"
        try system.removeTree(beside)
        for file in files {
            let copy = FilePath.join(beside, String(file.path.dropFirst(prefix.count)))
            try system.createDirectories(FilePath.parent(of: copy))
            _ = try FileCopy.copy(FilePath.join(folder, file.path), to: copy, in: system)
        }
        try system.rename(beside, to: target)
    }

    /// Paths of all files but those in parts, which vouch for themselves, and the record.
    static func otherFiles(in folder: String, _ system: any FileSystem) throws(SystemError) -> [String] {
        let parts = [metrics, logs].map { FilePath.join($0, ClosedStore.partsDirectory) }
        var found: [String] = []
        func walk(_ path: String) throws(SystemError) {
            for name in try system.list(FilePath.join(folder, path)).sorted() {
                let below = path.isEmpty ? name : FilePath.join(path, name)
                if below == BackupRecord.fileName { continue }
                switch try system.status(at: FilePath.join(folder, below))?.kind {
                case .directory where parts.contains(path): break
                case .directory: try walk(below)
                default: found.append(below)
                }
            }
        }
        try walk("")
        return found
    }
}

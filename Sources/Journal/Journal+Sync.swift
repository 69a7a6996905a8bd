import Posix
import Telemetry

/// How far the journal is on the device. Guarded by the journal's monitor.
struct Durability {
    var synced: JournalPosition
    /// One thread syncs at a time, for all that wait.
    var isSyncing = false
    /// The last sync that failed, and up to where it would have reached.
    var failure: (position: JournalPosition, error: SystemError)?
    var isStopping = false

    init(synced: JournalPosition) {
        self.synced = synced
    }
}

extension Journal {
    /// Up to here records survive a loss of power.
    package var syncedEnd: JournalPosition { durable.withLock { $0.synced } }

    /// Returns when everything that was appended before the call is on the device.
    package func sync() throws(JournalError) {
        try waitUntilSynced(end)
    }

    /// Either joins the sync that is under way and looks again, or does one for all that wait by now.
    func waitUntilSynced(_ target: JournalPosition) throws(JournalError) {
        enum Turn {
            case done, sync
            case failed(SystemError)
        }
        while true {
            let turn = durable.wait { durable -> Turn? in
                if durable.synced >= target { return .done }
                if let failure = durable.failure, failure.position >= target { return .failed(failure.error) }
                if durable.isSyncing { return nil }
                durable.isSyncing = true
                return .sync
            }
            switch turn! {
            case .done: return
            case .failed(let error): throw .cannotSync(error)
            case .sync: syncFiles()
            }
        }
    }

    /// For the sync thread, which has nobody to tell but the metrics.
    func syncInBackground() {
        try? sync()  // counted where it fails, and told to whoever asks for a sync
    }

    private func syncFiles() {
        let start = SystemTime().monotonicNs
        let (files, end, isDirectoryDirty) = active.withLock { active in
            defer {
                active.unsynced.removeAll()
                active.isDirectoryDirty = false
            }
            return (active.unsynced + [active.file], active.end, active.isDirectoryDirty)
        }
        var failure: SystemError?
        do throws(SystemError) {
            if isDirectoryDirty { try system.syncDirectory(options.directory) }
            for file in files { try file.sync() }
        } catch {
            failure = error
            fail(isDirectoryDirty: isDirectoryDirty)
        }
        metrics?.syncs.observe(Int(SystemTime().monotonicNs - start))
        durable.withLock { durable in
            if let failure {
                durable.failure = (end, failure)
            } else {
                durable.synced = max(durable.synced, end)
            }
            durable.isSyncing = false
        }
        durable.wakeAll()
    }

    /// After a failed sync the kernel holds the pages for clean, so a second one could succeed without having written
    /// them. What comes next goes into a new segment, and what was not synced stays reported as such.
    private func fail(isDirectoryDirty: Bool) {
        metrics?.syncFailures.add()
        active.withLock { active in
            active.isSpoilt = true
            if isDirectoryDirty { active.isDirectoryDirty = true }
        }
    }
}

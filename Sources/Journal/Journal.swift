package import Posix
import Synchronization
import Telemetry

/// The write-ahead log: numbered segments of checksummed records, safe against the end of the process once `append`
/// returned and against a loss of power once synced.
///
/// Any number of threads append, each through its own `JournalAppender`. They take turns only for the write itself, as
/// the kernel would make them do for one file; writers that must never wait for each other get a journal each.
///
/// Opening begins a new segment, so appending is possible at once, also while `replay` reads the earlier ones.
package final class Journal: Sendable {
    package let options: JournalOptions
    let system: any FileSystem
    let seal: RecordSeal
    let metrics: JournalMetrics?
    let active: Lock<ActiveSegment>
    let durable: Monitor<Durability>
    private let salt: UInt64
    private let endValue: Atomic<UInt64>
    private let syncThread = Lock<OwnedThread?>(nil)

    /// Opens or makes the journal.
    ///
    /// - Parameter floor: positions of records to come are behind it: what the owner's parts already cover, in case the
    ///   segments were lost.
    package init(
        _ options: JournalOptions, startingAt floor: JournalPosition = .start,
        in system: any FileSystem = LocalFileSystem()
    ) throws(JournalError) {
        precondition(options.recordBytesMax <= 1 << 30, "BUG: a record is at most 1 GiB")
        self.options = options
        self.system = system
        metrics = options.metrics.map { JournalMetrics($0, journal: options.name) }
        salt = .random(in: .min ... .max)
        seal = RecordSeal(salt: salt)
        let opened: ActiveSegment
        do throws(SystemError) {
            opened = try Self.open(options.directory, floor, salt, in: system)
        } catch {
            throw .cannotOpen(directory: options.directory, error)
        }
        endValue = Atomic(opened.end.value)
        durable = Monitor(Durability(synced: opened.end))
        active = Lock(opened)
        count(opened)
        try startSyncThread()
    }

    deinit {
        precondition(active.withLock { $0.isClosed }, "BUG: the journal in \(options.directory) was not closed")
    }

    package func makeAppender() -> JournalAppender { JournalAppender(self) }

    /// Behind the last record.
    package var end: JournalPosition { JournalPosition(endValue.load(ordering: .acquiring)) }

    /// Before the oldest record that is still there.
    package var beginning: JournalPosition { active.withLock { $0.earlier.first?.segment.base ?? $0.segment.base } }

    /// Bytes of all segments on disk.
    package var heldBytes: Int { active.withLock { $0.heldBytes } }

    /// Syncs what was written and ends the sync thread. Nothing can be appended any more.
    package func close() throws(JournalError) {
        let wasClosed = active.withLock { active in
            defer { active.isClosed = true }
            return active.isClosed
        }
        if wasClosed { return }
        durable.withLock { $0.isStopping = true }
        durable.wakeAll()
        syncThread.withLock { thread in
            thread?.join()
            thread = nil
        }
        try sync()
    }

    private func startSyncThread() throws(JournalError) {
        guard case .interval(let intervalNs) = options.sync else { return }
        do throws(SystemError) {
            // The thread must not keep the journal alive, or nobody could notice that it was not closed.
            let thread = try OwnedThread(name: "\(options.name) sync", stackBytes: 256 << 10) { [weak self, durable] in
                while durable.wait(atMostNs: intervalNs, until: { $0.isStopping ? true : nil }) == nil {
                    self?.syncInBackground()
                }
            }
            syncThread.withLock { $0 = thread }
        } catch {
            active.withLock { $0.isClosed = true }
            throw .cannotOpen(directory: options.directory, error)
        }
    }

    func append(
        _ header: Span<UInt8>, _ stored: Span<UInt8>, payloadBytes: Int
    ) throws(JournalError) -> JournalPosition {
        let end: JournalPosition
        do throws(JournalError) {
            end = try active.withLock { active throws(JournalError) -> JournalPosition in
                if active.isClosed { throw .closed }
                do throws(SystemError) {
                    if active.mustRoll(for: header.count + stored.count, limit: options.segmentBytes) {
                        try active.roll(salt: salt, in: system)
                        count(active)
                    }
                    try active.append(header, stored)
                } catch {
                    throw .cannotWrite(error)
                }
                endValue.store(active.end.value, ordering: .releasing)
                return active.end
            }
        } catch {
            metrics?.writeFailures.add()
            throw error
        }
        metrics?.records.add()
        metrics?.payloadBytes.add(payloadBytes)
        metrics?.writtenBytes.add(header.count + stored.count)
        metrics?.heldBytes.add(header.count + stored.count)
        if options.sync == .always { try waitUntilSynced(end) }
        return end
    }

    /// Removes the segments that end at or before `position`: what they hold is kept elsewhere by now.
    package func drop(before position: JournalPosition) throws(JournalError) {
        do throws(SystemError) {
            try active.withLock { active throws(SystemError) in
                if active.isClosed { return }
                defer { count(active) }
                if active.end <= position && !active.isEmpty { try active.roll(salt: salt, in: system) }
                while let oldest = active.earlier.first, active.baseAfterOldest <= position {
                    try system.removeFile(oldest.segment.path)
                    active.removeOldest()
                }
            }
        } catch {
            throw .cannotWrite(error)
        }
    }

    private func count(_ active: borrowing ActiveSegment) {
        metrics?.segments.set(active.earlier.count + 1)
        metrics?.heldBytes.set(active.heldBytes)
    }
}

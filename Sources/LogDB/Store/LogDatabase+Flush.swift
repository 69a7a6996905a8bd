import Journal
import Parts
import Posix
package import Storage
import Synchronization

extension LogDatabase {
    /// Turns the head into parts. What is appended meanwhile is in the next head.
    package func flush() throws(StorageError) {
        try flushing.withLock { count throws(StorageError) in
            do throws(StorageError) {
                try flushHead()
                count += 1
                upkeep.flushEnded()
            } catch {
                upkeep.flushEnded(failure: "\(error)")
                throw error
            }
        }
    }

    private func flushHead() throws(StorageError) {
        // What an earlier flush could not write is tried again first.
        if view.withLock({ $0.flushing == nil }) { freeze() }
        guard let frozen = view.withLock({ $0.flushing }) else { return }
        let position = JournalPosition(frozen.position)
        if !frozen.chunks.isEmpty || frozen.taken != view.withLock({ $0.state.taken }) {
            do {
                try write(frozen, position)
            } catch {
                throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
            }
            headBytes.subtract(frozen.chunks.reduce(0) { $0 + $1.plainBytes }, ordering: .relaxed)
            repeats.moveOn()
        } else {
            view.withLock { $0.flushing = nil }
        }
        if headBytes.load(ordering: .relaxed) <= 0 { headSinceMs.store(.max, ordering: .relaxed) }
        do throws(JournalError) {
            try journal.drop(before: position)
        } catch {
            note("\(error)")
        }
    }

    /// Puts all entries aside, in the view where readers find them.
    private func freeze() {
        let journal = journal
        head.withLock { head in
            let frozen = head.freeze(at: journal.end.value)
            // Within the lock: a reader looks at both under it.
            view.withLock { $0.flushing = frozen }
        }
        headSinceMs.store(time.wallMs, ordering: .relaxed)
    }

    private func write(_ frozen: FrozenHead, _ position: JournalPosition) throws {
        let deletions = view.withLock { $0.state.nextDeletion - 1 }
        var finished: [FinishedPart] = []
        let workers = try helpers.withLock { $0 } ?? Workers(helpers: 0)
        try HeadWriter(frozen, workers).write { window, blocks, streams in
            let writer = try LogPartWriter(parts.makeWriter(), deletionsApplied: deletions)
            for block in blocks { try writer.add(block) }
            finished.append(try writer.finish(streams: streams, partition: window, level: 0))
        }
        try commit(adding: finished) {
            $0.journalPosition = position.value
            $0.taken = frozen.taken
        } publish: {
            $0.flushing = nil
        }
    }

    /// Makes parts live and others not, together with a change of the state.
    func commit(
        adding added: [FinishedPart], removing removed: [StoredLogPart] = [],
        _ change: (inout LogState) -> Void = { _ in }, publish: (inout LogView) -> Void = { _ in }
    ) throws {
        try committing.withLock { count in
            var state = view.withLock { $0.state }
            change(&state)
            try parts.commit(adding: added, removing: removed, state: state.bytes) { parts in
                view.withLock { view in
                    view.parts = parts
                    view.state = state
                    publish(&view)
                }
            }
            blocks.remove(parts: Set(removed.map(\.info.number)))
            count += 1
        }
    }
}

/// Days of entries share their parts, so that what expires leaves as whole parts.
enum PartWindow {
    private static let ns: Int64 = 86_400_000_000_000

    static func number(_ timestampNs: Int64) -> Int64 {
        timestampNs >= 0 ? timestampNs / ns : (timestampNs + 1) / ns - 1
    }
}

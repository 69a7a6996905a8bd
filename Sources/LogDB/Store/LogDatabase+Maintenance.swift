import Model
package import Parts
import Posix
package import Storage
import Synchronization

extension LogDatabase {
    func startThreads() throws(StorageError) {
        do throws(SystemError) {
            let workers = try Workers(name: "logs flush", helpers: options.flushHelpers, standingBack: false)
            helpers.withLock { $0 = workers }
            try upkeep.start(
                "logs",
                Upkeep.Duties(
                    isFlushDue: { [self] in isFlushDue },
                    flush: { [self] in
                        try flush()
                        FreedMemory.giveBack()
                    },
                    merge: { [self] in try maintain() },
                    note: { [self] in note($0) }))
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    private var isFlushDue: Bool {
        let sinceMs = headSinceMs.load(ordering: .relaxed)
        guard headBytes.load(ordering: .relaxed) > 0, sinceMs != .max else { return false }
        return (time.wallMs - sinceMs) / 1000 >= options.flushAfterSeconds
    }

    private func maintain() throws(StorageError) {
        while try mergeOnce() {
            if upkeep.isStopping { return }
            FreedMemory.giveBack()
        }
        if time.wallMs - Self.retentionPeriodMs >= retainedMs.load(ordering: .relaxed) {
            retainedMs.store(time.wallMs, ordering: .relaxed)
            try applyRetention()
        }
    }

    private static let retentionPeriodMs: Int64 = 60_000

    /// Removes parts that are too old or too much, and rewrites those that hold entries which a rule or a deletion has
    /// taken.
    package func applyRetention() throws(StorageError) {
        try merging.withLock { count throws(StorageError) in
            let nowMs = time.wallMs
            let view = view.withLock { $0 }
            let retention = Retention(ageMsMax: options.retentionMs, bytesMax: options.retentionBytes)
            let expired = Set(retention.expired(among: view.parts.map(\.info), nowMs: nowMs).map(\.number))
            if !expired.isEmpty {
                do {
                    try commit(adding: [], removing: view.parts.filter { expired.contains($0.info.number) })
                    try parts.removeRetired()
                } catch {
                    throw .unavailable(reason: "\(error)", retryAfterSeconds: 60)
                }
            }
            for part in view.parts where !expired.contains(part.info.number) {
                if try isRewriteDue(part, view, nowMs: nowMs) { try merge([part], view) }
            }
            count += 1
        }
    }

    /// Whether a part holds what was deleted, or what rules have taken for good.
    private func isRewriteDue(
        _ part: StoredLogPart, _ view: LogView, nowMs: Int64
    ) throws(StorageError) -> Bool {
        if view.state.deletions.contains(where: { $0.number > part.content.deletionsApplied }) { return true }
        // Once for each rule, when all of the part is older than it keeps.
        let due = options.retentionRules.contains { part.info.maxTimeMs < nowMs.addingClamped(-$0.retentionMs) }
        guard due else { return false }
        do {
            let exclusions = try Exclusions(part.content, view.state, options, nowMs: nowMs)
            return part.content.entries.contains { exclusions.mayHide($0) }
        } catch {
            throw quarantine(part, error)
        }
    }

    package func delete(_ request: LabelRequest) throws(StorageError) {
        guard request.startMs <= request.endMs else { return }
        // What the deletion is about must lie in parts; what comes later is not meant.
        try flush()
        do {
            try commit(adding: []) { state in
                state.deletions.append(
                    LogDeletion(
                        number: state.nextDeletion, startNs: request.startNs, endNs: request.endNs,
                        selectors: request.selectors))
                state.nextDeletion += 1
            }
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
        repeats.forget()
    }

    /// Makes a directory that holds everything accepted so far, by hard links, and can be opened as a store.
    package func snapshot(to target: String) throws(StorageError) {
        try flush()
        do {
            try system.createDirectories(target)
            try parts.snapshot(to: FilePath.join(target, ClosedLogStore.partsDirectory))
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    /// Makes the directory at `target` hold everything accepted so far, so that it can be opened as a store elsewhere.
    /// Parts that an earlier backup has brought there stay as they are.
    package func backUp(to target: String) throws(StorageError) -> PartsCopy.Report {
        try flush()
        do {
            try system.createDirectories(target)
            return try parts.backUp(to: FilePath.join(target, ClosedLogStore.partsDirectory))
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    /// Reads every byte of every part, holds it against its checksum, and every block against its format.
    ///
    /// - Returns: a sentence for each part that is damaged.
    package func verify() throws(StorageError) -> [String] {
        try flush()
        var damages = parts.verify().map { "part \($0.part.info.name): \($0.damage)" }
        for part in view.withLock({ $0.parts }) {
            do {
                try part.content.readAll()
            } catch {
                damages.append("part \(part.info.name): \(error)")
            }
        }
        return damages
    }
}

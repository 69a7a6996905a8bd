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
            // The threads are joined by `close`, which is why they may hold the store.
            let flusher = try OwnedThread(name: "logs flush") { [self] in runFlusher() }
            let merger = try OwnedThread(name: "logs merge") { [self] in runMerger() }
            threads.withLock { $0 = [flusher, merger] }
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    private func runFlusher() {
        while true {
            let next = work.wait(atMostNs: 1_000_000_000) { work -> (isStopping: Bool, isWanted: Bool)? in
                guard work.isStopping || work.flushWanted else { return nil }
                defer { work.flushWanted = false }
                return (work.isStopping, work.flushWanted)
            }
            if next?.isStopping == true { return }
            guard next?.isWanted == true || isFlushDue else { continue }
            do throws(StorageError) {
                try flush()
                FreedMemory.giveBack()
            } catch {
                note("a flush failed and is tried again: \(error)")
                pause()
            }
        }
    }

    /// Between attempts that fail, so that a full disk is not asked without end.
    private func pause() {
        _ = work.wait(atMostNs: 1_000_000_000) { work -> Bool? in work.isStopping ? true : nil }
    }

    private var isFlushDue: Bool {
        let sinceMs = headSinceMs.load(ordering: .relaxed)
        guard headBytes.load(ordering: .relaxed) > 0, sinceMs != .max else { return false }
        return (time.wallMs - sinceMs) / 1000 >= options.flushAfterSeconds
    }

    private func runMerger() {
        var lastRetentionMs = Int64.min
        while true {
            let isStopping = work.wait(atMostNs: 5_000_000_000) { work -> Bool? in
                guard work.isStopping || work.mergeWanted else { return nil }
                work.mergeWanted = false
                return work.isStopping
            }
            if isStopping == true { return }
            do throws(StorageError) {
                while try mergeOnce() {
                    if isClosing.load(ordering: .relaxed) { return }
                    FreedMemory.giveBack()
                }
                if time.wallMs - 60_000 >= lastRetentionMs {
                    lastRetentionMs = time.wallMs
                    try applyRetention()
                }
            } catch {
                note("a merge failed and is tried again: \(error)")
                pause()
            }
        }
    }

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

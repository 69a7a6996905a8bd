import LabelIndex
import Model
import Parts
import Posix
package import Storage
import Synchronization
import Telemetry

extension TimeSeriesStore {
    func startThreads() throws(StorageError) {
        do throws(SystemError) {
            try upkeep.start(
                "metrics",
                Upkeep.Duties(
                    isFlushDue: { [self] in isFlushDue }, flush: { [self] in try flush() },
                    merge: { [self] in
                        do throws(StorageError) {
                            try maintain()
                        } catch {
                            metrics?.mergeFailures.add()
                            throw error
                        }
                    },
                    note: { [self] in note($0) }))
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    private var isFlushDue: Bool {
        let held = headSamples.load(ordering: .relaxed)
        let sinceMs = headSinceMs.load(ordering: .relaxed)
        guard held > 0, sinceMs != .max else { return false }
        let ageSeconds = (time.wallMs - sinceMs) / 1000
        return ageSeconds >= (held >= options.flushSamplesMin ? options.flushAfterSeconds : options.flushLatestSeconds)
    }

    private func maintain() throws(StorageError) {
        while try mergeOnce() {
            if upkeep.isStopping { return }
            FreedMemory.giveBack()
        }
        FreedMemory.giveBack()
        if time.wallMs - Self.retentionPeriodMs >= retainedMs.load(ordering: .relaxed) {
            retainedMs.store(time.wallMs, ordering: .relaxed)
            try applyRetention()
        }
        if time.wallMs - Self.forgettingPeriodMs >= forgottenMs.load(ordering: .relaxed),
            mayHaveLostSeries.exchange(false, ordering: .relaxed)
        {
            forgottenMs.store(time.wallMs, ordering: .relaxed)
            try forgetLostSeries()
        }
    }

    private static let retentionPeriodMs: Int64 = 60_000
    /// Finding lost series walks over all parts.
    private static let forgettingPeriodMs: Int64 = 3_600_000

    /// Removes parts that are too old or too much, and rewrites those that hold samples which a rule has expired.
    package func applyRetention() throws(StorageError) {
        try merging.withLock { count throws(StorageError) in
            let nowMs = time.wallMs
            let view = view.withLock { $0 }
            let retention = Retention(ageMsMax: options.retentionMs, bytesMax: options.retentionBytes)
            let expired = Set(retention.expired(among: view.samples.map(\.part.info), nowMs: nowMs).map(\.number))
            if !expired.isEmpty {
                do {
                    try commit(
                        adding: [], removing: view.samples.map(\.part).filter { expired.contains($0.info.number) })
                    try parts.removeRetired()
                    mayHaveLostSeries.store(true, ordering: .relaxed)
                } catch {
                    throw .unavailable(reason: "\(error)", retryAfterSeconds: 60)
                }
            }
            for rule in options.retentionRules {
                let cutoff = nowMs.subtractingClamped(rule.retentionMs)
                let kept = view.samples.filter { !expired.contains($0.part.info.number) }
                // All of a window at once: a part that is rewritten alone would change its age among the others.
                for (_, window) in Dictionary(grouping: kept, by: \.part.info.partition) {
                    guard window.allSatisfy({ $0.part.info.maxTimeMs < cutoff }) else { continue }
                    for entry in window where try holdsExpired(entry, view, nowMs) {
                        try mergeSamples(window, view)
                        break
                    }
                }
            }
            count += 1
        }
    }

    /// Whether a part holds a series of which nothing is to be kept any more.
    private func holdsExpired(
        _ entry: StoreView.Samples, _ view: StoreView, _ nowMs: Int64
    ) throws(StorageError) -> Bool {
        let retention = try SeriesRetention(options, view, nowMs: nowMs)
        var cursor = PartCursor(entry.samples)
        do throws(PartError) {
            while let block = try cursor.peek() {
                if let cutoff = retention.cutoffMs(of: block.id), cursor.span(block).upperBound < cutoff { return true }
                cursor.advance()
            }
        } catch {
            throw quarantine(entry.part, error)
        }
        return false
    }

    package func delete(_ request: LabelRequest) throws(StorageError) {
        guard request.startMs <= request.endMs else { return }
        let (series, _) = try match(request.selectors)
        guard series.count > 0 else { return }
        // What the deletion is about must lie in parts; what comes later is not meant.
        try flush()
        do {
            try commit(adding: []) { state in
                state.deletions.append(
                    Deletion(
                        number: state.nextDeletion, startMs: request.startMs, endMs: request.endMs, ids: series.ids))
                state.nextDeletion += 1
            }
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
        unsettled.add(1, ordering: .releasing)
        forgetNewest(of: series.ids)
    }

    /// A deleted sample may come again: it must not pass for one that is there.
    private func forgetNewest(of ids: [UInt64]) {
        let references = registry.references.read { table in
            ids.map { table.byID.reference(SeriesRegistry.References.key(ofID: $0)) }
        }
        for raw in references where raw != 0 {
            let reference = SeriesReference(raw: raw)
            shards[reference.shard].withLock { shard in
                if shard.slots.holds(reference) { unsafe shard.slots[reference.slot].pointee.lastMs = .min }
            }
        }
    }

    /// Makes a directory that holds everything accepted so far, by hard links, and can be opened as a store.
    package func snapshot(to target: String) throws(StorageError) {
        try flush()
        do {
            try system.createDirectories(target)
            try parts.snapshot(to: FilePath.join(target, Opening.partsDirectory))
            let annotations = FilePath.join(directory, Opening.annotationsFile)
            if try system.status(at: annotations) != nil {
                try system.link(annotations, to: FilePath.join(target, Opening.annotationsFile))
            }
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    /// Reads every byte of every part and holds it against its checksum and the invariants of its format.
    ///
    /// - Returns: a sentence for each part that is damaged.
    package func verify() throws(StorageError) -> [String] {
        try flush()
        var damages: [String] = []
        var damaged: Set<UInt64> = []
        func tell(_ part: StoredPart, _ damage: String) {
            damaged.insert(part.info.number)
            damages.append("part \(part.info.name): \(damage)")
        }
        for (part, damage) in parts.verify() { tell(part, "\(damage)") }
        let view = view.withLock { $0 }
        for segment in view.segments where !damaged.contains(segment.part.info.number) {
            do throws(LabelIndexError) {
                try segment.index.check()
            } catch {
                tell(segment.part, "\(error)")
            }
        }
        for (before, after) in zip(view.segments, view.segments.dropFirst()) {
            guard let a = before.index.idRange, let b = after.index.idRange, a.overlaps(b) else { continue }
            tell(after.part, "its series overlap with those of part \(before.part.info.name)")
        }
        for entry in view.samples where !damaged.contains(entry.part.info.number) {
            do throws(PartError) {
                try SamplePartCheck.run(entry.samples.file) { id in
                    view.segments.contains { $0.index.ordinal(ofID: id) != nil }
                }
            } catch {
                tell(entry.part, "\(error)")
                continue
            }
            if let damage = Self.damage(entry.part.info, entry.samples.summary) { tell(entry.part, damage) }
        }
        return damages
    }

    /// What the manifest says of a part and the part does not; nil where they agree.
    private static func damage(_ info: PartInfo, _ summary: PartFormat.Summary) -> String? {
        if info.rows != summary.samples + summary.histograms || info.minTimeMs != summary.minMs
            || info.maxTimeMs != summary.maxMs
        {
            return "it does not hold what the manifest says"
        }
        let window = TimeWindow(of: summary.minMs, shift: info.partition & 63)
        return window.contains(summary.maxMs) ? nil : "it holds samples of more than one window of time"
    }
}

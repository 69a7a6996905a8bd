import Encoding
import Journal
import LabelIndex
package import Model
import Parts
import Posix
package import Storage
import Synchronization
import Telemetry

extension TimeSeriesStore {
    package func resolve(_ batch: inout SampleBatch) { registry.resolve(&batch) }

    package func append(_ batch: inout SampleBatch) throws(StorageError) -> AppendOutcome {
        try admit()
        var outcome = AppendOutcome()
        var wanted = Array(batch.series.indices)
        // A second round takes those whose reference had expired and that brought labels: they are made again.
        for _ in 0..<2 where !wanted.isEmpty {
            try makeSeries(&batch, wanted, &outcome)
            try appendToShards(batch, wanted, &outcome)
            wanted = outcome.unresolved.filter {
                !batch.series[$0].labels.isEmpty && batch.series[$0].reference.raw != 0
            }
            for index in wanted { batch.series[index].reference = .unresolved }
            let again = Set(wanted)
            outcome.unresolved.removeAll(where: again.contains)
        }
        for index in outcome.unresolved { batch.series[index].reference = .unresolved }
        if !batch.exemplars.isEmpty || !batch.metadata.isEmpty { try appendAnnotations(batch, &outcome) }
        metrics?.count(outcome)
        return outcome
    }

    /// Refuses while nothing can be kept, and makes writers wait for a flush that is behind.
    private func admit() throws(StorageError) {
        if upkeep.isStopping {
            throw .unavailable(reason: "the store is closing", retryAfterSeconds: 10)
        }
        if let shortage = disk.shortage { throw .unavailable(reason: "\(shortage)", retryAfterSeconds: 60) }
        guard headSamples.load(ordering: .relaxed) >= options.flushSamples * 2 else { return }
        upkeep.wantFlush()
        let seconds = 30
        let wait = upkeep.waitForFlush(atMostNs: Int64(seconds) * 1_000_000_000) {
            headSamples.load(ordering: .relaxed) < options.flushSamples * 2
        }
        switch wait {
        case .over: return
        case .failed(let reason):
            throw .unavailable(reason: "the head is full and cannot be flushed: \(reason)", retryAfterSeconds: 30)
        case .late:
            throw .unavailable(reason: "the head is full and no flush ended for \(seconds) s", retryAfterSeconds: 30)
        }
    }

    private var bounds: HeadShard.Bounds {
        let nowMs = time.wallMs
        return HeadShard.Bounds(
            outOfOrderWindowMs: options.outOfOrderWindowMs ?? .max,
            minMs: options.retentionMs.map { nowMs.subtractingClamped($0) } ?? .min + 1,
            maxMs: futureMs.map { nowMs + $0 } ?? .max)
    }

    private var futureMs: Int64? {
        if let set = options.futureMs { return set }
        return options.retentionMs == nil && options.retentionRules.isEmpty ? nil : 86_400_000
    }

    private func appendToShards(
        _ batch: borrowing SampleBatch, _ wanted: [Int], _ outcome: inout AppendOutcome
    ) throws(StorageError) {
        var involved: UInt64 = 0
        for index in wanted {
            let raw = batch.series[index].reference.raw
            if raw != 0 { involved |= 1 << (raw >> 32 & 63) }
        }
        let bounds = bounds
        var gained = 0
        while involved != 0 {
            let shard = involved.trailingZeroBitCount
            involved &= involved - 1
            guard shard < shards.count else { continue }
            do throws(JournalError) {
                gained += try shards[shard].withLock { shard throws(JournalError) in
                    try shard.append(batch, wanted, bounds, &outcome)
                }
            } catch {
                throw Self.refused(error)
            }
        }
        if gained > 0 { countAppended(gained, batch) }
    }

    private func countAppended(_ gained: Int, _ batch: borrowing SampleBatch) {
        let held = headSamples.add(gained, ordering: .relaxed).newValue
        if headSinceMs.load(ordering: .relaxed) == .max { headSinceMs.min(time.wallMs, ordering: .relaxed) }
        noteLateness(batch)
        let newest = batch.timestampsMs.last ?? batch.histograms.last?.timestampMs
        if let newest { newestMs.max(newest, ordering: .relaxed) }
        if held >= options.flushSamples && held - gained < options.flushSamples { upkeep.wantFlush() }
    }

    /// Tells those who keep what was made of older samples; called when the batch can be seen.
    private func noteLateness(_ batch: borrowing SampleBatch) {
        let (settledMs, isEarly) = newestMs.load(ordering: .relaxed).subtractingReportingOverflow(Self.settlingMs)
        if isEarly { return }
        var oldest = Int64.max
        for index in batch.timestampsMs.indices { oldest = min(oldest, batch.timestampsMs[index]) }
        for index in batch.histograms.indices { oldest = min(oldest, batch.histograms[index].timestampMs) }
        if oldest <= settledMs { unsettled.add(1, ordering: .releasing) }
    }

    static func refused(_ error: JournalError) -> StorageError {
        .unavailable(reason: "\(error)", retryAfterSeconds: error.isNoSpace ? 60 : 10)
    }

    // MARK: new series

    /// Gives references to the series that have none and brought labels.
    private func makeSeries(
        _ batch: inout SampleBatch, _ wanted: [Int], _ outcome: inout AppendOutcome
    ) throws(StorageError) {
        var new: [Int] = []
        let limits = LabelLimits(
            labelsMax: options.labelsMax, nameBytesMax: options.labelNameBytesMax,
            valueBytesMax: options.labelValueBytesMax)
        var neighbour: Int?
        for index in wanted {
            let series = batch.series[index]
            if series.reference.raw != 0 {
                neighbour = SeriesReference(raw: series.reference.raw).shard
                continue
            }
            if series.labels.isEmpty {
                outcome.unresolved.append(index)
                continue
            }
            if let refusal = limits.refusal(of: batch.labelBytes.span.extracting(series.labels)) {
                outcome.refuse(
                    refusal.reason, series: index, samples: series.samples.count + series.histograms.count,
                    refusal.sentence)
                continue
            }
            new.append(index)
        }
        guard !new.isEmpty else { return }
        let shard = neighbour ?? (nextShard.add(1, ordering: .relaxed).newValue & .max) % shards.count
        try makeSeries(&batch, new, in: shard, &outcome)
    }

    private func makeSeries(
        _ batch: inout SampleBatch, _ new: [Int], in shard: Int, _ outcome: inout AppendOutcome
    ) throws(StorageError) {
        var needsFlush = false
        try registry.creation.withLock { creation throws(StorageError) in
            // Within the lock: a flush moves series from the index to the view under it.
            let view = view.withLock { $0 }
            var made: [(index: Int, id: UInt64)] = []
            for index in new {
                let labels = batch.labelBytes.span.extracting(batch.series[index].labels)
                if let id = try find(labels, &creation, view, &outcome, index, batch.series[index]) {
                    made.append((index, id))
                }
            }
            do throws(JournalError) {
                try creation.log()
            } catch {
                throw Self.refused(error)
            }
            activate(made, in: shard, &batch)
            needsFlush = creation.index.count >= options.newSeriesMax
        }
        if needsFlush { upkeep.wantFlush() }
    }

    /// The id of the series with these labels, new or not; nil where it may not be made.
    private func find(
        _ labels: Span<UInt8>, _ creation: inout SeriesRegistry.Creation, _ view: StoreView,
        _ outcome: inout AppendOutcome, _ index: Int, _ series: SampleBatch.Series
    ) throws(StorageError) -> UInt64? {
        let hash = LabelHash.of(labels)
        if let id = creation.find(labels, hash) { return id }
        if let index = view.flushingIndex, let ordinal = index.ordinal(of: labels, hash: hash) {
            return index.ids[ordinal]
        }
        for segment in view.segments.reversed() {
            do throws(LabelIndexError) {
                if let ordinal = try segment.index.ordinal(of: labels, hash: hash) { return segment.index.id(ordinal) }
            } catch {
                throw quarantine(segment.part, error)
            }
        }
        let count =
            creation.index.count + (view.flushingIndex?.count ?? 0) + view.segments.reduce(0) { $0 + $1.index.count }
        guard count < options.seriesMax else {
            outcome.refuse(
                .tooManySeries, series: index, samples: series.samples.count + series.histograms.count,
                "the store has \(count) series, and storage.series_limit is \(options.seriesMax)"
            )
            return nil
        }
        metrics?.seriesCreated.add()
        return creation.add(labels, hash, nowMs: time.wallMs)
    }

    private func activate(_ made: [(index: Int, id: UInt64)], in shard: Int, _ batch: inout SampleBatch) {
        var references: [UInt64] = []
        registry.references.read { table in
            for entry in made {
                references.append(table.byID.reference(SeriesRegistry.References.key(ofID: entry.id)))
            }
        }
        for (place, raw) in references.enumerated() where raw != 0 {
            let reference = SeriesReference(raw: raw)
            if !shards[reference.shard].withLock({ $0.slots.holds(reference) }) { references[place] = 0 }
        }
        shards[shard].withLock { shard in
            var own: [UInt64: UInt64] = [:]
            for (place, entry) in made.enumerated() where references[place] == 0 {
                // One series may come twice in a batch, under two keys.
                references[place] = own[entry.id] ?? shard.activate(entry.id).raw
                own[entry.id] = references[place]
            }
        }
        registry.references.write { table in
            for (place, entry) in made.enumerated() {
                table.byID.set(SeriesRegistry.References.key(ofID: entry.id), to: references[place])
                table.byKey.set(batch.series[entry.index].key, to: references[place])
            }
        }
        for (place, entry) in made.enumerated() {
            batch.series[entry.index].reference = SampleBatch.Reference(references[place])
        }
    }
}

import Journal
import Model
import Storage

/// One of the writers' shares of the head: the active series that it was given, and their samples since the last flush.
/// New series of one batch get the same shard, so a batch of one target takes one lock.
struct HeadShard: ~Copyable {
    let number: Int
    var slots = SlotTable()
    private(set) var chunks: [HeadChunk] = []
    private(set) var histograms: [HeadHistogram] = []
    /// How often the head was flushed; a slot's `epoch` is compared with it.
    private(set) var epoch: UInt32 = 1

    var appender: JournalAppender
    private var staged = StagedSamples()
    private var stagedHistograms: [HeadHistogram] = []
    private var writer = SampleRecordWriter()

    init(number: Int, appender: consuming JournalAppender) {
        self.number = number
        self.appender = appender
    }

    /// What a sample is held against before it is taken.
    struct Bounds {
        /// How much older than the series' newest sample one may be; `Int64.max` for any age.
        var outOfOrderWindowMs: Int64
        var minMs: Int64
        var maxMs: Int64
    }

    /// Takes the samples of those series of the batch that belong to this shard: first into the log, then into the head.
    /// Series whose reference has expired are added to `outcome.unresolved`.
    ///
    /// - Parameter wanted: the series of the batch to look at.
    /// - Returns: how many samples and histograms the head gained.
    mutating func append(
        _ batch: borrowing SampleBatch, _ wanted: [Int], _ bounds: Bounds, _ outcome: inout AppendOutcome
    ) throws(JournalError) -> Int {
        staged.prepare(batch.values.count, hasStarts: !batch.startTimestampsMs.isEmpty)
        stagedHistograms.removeAll(keepingCapacity: true)
        stage(batch, wanted, bounds, &outcome)
        let gained = staged.count + stagedHistograms.count
        guard gained > 0 else { return 0 }
        do throws(JournalError) {
            try log()
        } catch {
            forgetStaged()
            throw error
        }
        publishStaged()
        return gained
    }

    private mutating func log() throws(JournalError) {
        if staged.count > 0 {
            writer.write(staged, slots)
            let type = staged.hasStarts ? RecordType.startedSamples : RecordType.samples
            let payload = writer.bytes
            _ = try appender.append(type: type, payload.span)
        }
        if !stagedHistograms.isEmpty {
            let payload = HistogramRecord.bytes(of: stagedHistograms, slots)
            _ = try appender.append(type: RecordType.histograms, payload.span)
        }
    }

    // MARK: staging

    private mutating func stage(
        _ batch: borrowing SampleBatch, _ wanted: [Int], _ bounds: Bounds, _ outcome: inout AppendOutcome
    ) {
        let series = batch.series.span
        let times = batch.timestampsMs.span
        let values = batch.values.span
        for index in wanted {
            let entry = series[index]
            guard entry.reference.raw != 0 else { continue }
            let reference = SeriesReference(raw: entry.reference.raw)
            guard reference.shard == number else { continue }
            guard slots.holds(reference) else {
                outcome.unresolved.append(index)
                continue
            }
            for place in entry.samples {
                let (time, value) = (times[place], values[place])
                let start = staged.hasStarts ? batch.startTimestampsMs[place] : 0
                stage(reference.slot, time, value, start, bounds, index, &outcome)
            }
            for place in entry.histograms {
                stage(reference.slot, batch.histograms[place], bounds, index, &outcome)
            }
        }
    }

    @inline(__always)
    private mutating func stage(
        _ number: Int, _ timeMs: Int64, _ value: Double, _ startMs: Int64, _ bounds: Bounds,
        _ series: Int, _ outcome: inout AppendOutcome
    ) {
        let slot = unsafe slots[number]
        let bits = value.bitPattern
        let last = unsafe slot.pointee.lastMs
        if timeMs > last && timeMs <= bounds.maxMs && timeMs >= bounds.minMs {
            unsafe slot.pointee.lastMs = timeMs
            unsafe slot.pointee.lastBits = bits
        } else if timeMs == last {
            if unsafe slot.pointee.lastBits == bits {
                outcome.acceptedSamples += 1
                return
            }
            outcome.refuse(
                .duplicate, series: series, samples: 1, "another value at \(timeMs) ms, which the series has already")
            return
        } else if let reason = refusal(of: timeMs, last, bounds) {
            outcome.refuse(reason, series: series, samples: 1, Self.sentence(reason, timeMs, last, bounds))
            return
        }
        unsafe slot.pointee.epoch = epoch
        staged.append(UInt32(truncatingIfNeeded: number), timeMs, value, startMs: startMs)
        outcome.acceptedSamples += 1
    }

    private mutating func stage(
        _ number: Int, _ histogram: SampleBatch.Histogram, _ bounds: Bounds, _ series: Int,
        _ outcome: inout AppendOutcome
    ) {
        let slot = unsafe slots[number]
        let timeMs = histogram.timestampMs
        let last = unsafe slot.pointee.lastMs
        if let fault = histogram.value.fault {
            outcome.refuse(.invalidHistogram, series: series, samples: 1, fault)
            return
        }
        if timeMs == last {
            if let held = stagedOrStored(number, timeMs), HistogramCodec.isSame(held, histogram) {
                outcome.acceptedHistograms += 1
            } else {
                outcome.refuse(
                    .duplicate, series: series, samples: 1,
                    "another value at \(timeMs) ms, which the series has already")
            }
            return
        }
        if let reason = refusal(of: timeMs, last, bounds) {
            outcome.refuse(reason, series: series, samples: 1, Self.sentence(reason, timeMs, last, bounds))
            return
        }
        if timeMs > last {
            unsafe slot.pointee.lastMs = timeMs
            unsafe slot.pointee.lastBits = Self.histogramBits
        }
        unsafe slot.pointee.epoch = epoch
        stagedHistograms.append(HeadHistogram(slot: UInt32(number), histogram: histogram))
        outcome.acceptedHistograms += 1
    }

    /// Stands for "the newest sample was a histogram" among the bits of values: a NaN that no sender uses.
    private static let histogramBits: UInt64 = 0x7ff8_6f62_732d_6869

    private func stagedOrStored(_ slot: Int, _ timeMs: Int64) -> SampleBatch.Histogram? {
        func isMeant(_ entry: HeadHistogram) -> Bool {
            entry.slot == UInt32(slot) && entry.histogram.timestampMs == timeMs
        }
        return (stagedHistograms.last(where: isMeant) ?? histograms.last(where: isMeant))?.histogram
    }

    private func refusal(of timeMs: Int64, _ last: Int64, _ bounds: Bounds) -> AppendOutcome.Reason? {
        if timeMs < bounds.minMs || timeMs > bounds.maxMs { return .outOfBounds }
        let isWindowSet = bounds.outOfOrderWindowMs != .max
        if isWindowSet, last != .min, timeMs < last.subtractingClamped(bounds.outOfOrderWindowMs) { return .outOfOrder }
        return nil
    }

    private static func sentence(
        _ reason: AppendOutcome.Reason, _ timeMs: Int64, _ last: Int64, _ bounds: Bounds
    ) -> String {
        reason == .outOfBounds
            ? "the timestamp \(timeMs) ms is not between \(bounds.minMs) and \(bounds.maxMs) ms, which the store takes"
            : "the timestamp \(timeMs) ms is more than out_of_order_time_window (\(bounds.outOfOrderWindowMs) ms) before the newest one, \(last) ms"
    }

    /// After a write that failed: what the slots say of their newest sample may never have been kept.
    private mutating func forgetStaged() {
        for place in 0..<staged.count { unsafe slots[Int(staged.slots[place])].pointee.lastMs = .min }
        for entry in stagedHistograms { unsafe slots[Int(entry.slot)].pointee.lastMs = .min }
    }

    // MARK: publishing

    private mutating func publishStaged() {
        var taken = 0
        while taken < staged.count {
            if chunks.isEmpty || chunks[chunks.count - 1].count == HeadChunk.capacity {
                chunks.append(HeadChunk(shard: number))
            }
            taken += chunks[chunks.count - 1].append(staged, from: taken)
        }
        histograms.append(contentsOf: stagedHistograms)
    }

    /// Gives a series a slot of this shard.
    mutating func activate(_ id: UInt64) -> SeriesReference {
        let added = slots.add(id: id, epoch: epoch)
        return SeriesReference(shard: number, slot: added.slot, generation: added.generation)
    }

    /// Puts those samples of the log back that belong to this shard, without holding them against anything.
    mutating func restore(_ restored: RestoredSamples) {
        staged.prepare(restored.count, hasStarts: restored.hasStarts)
        stagedHistograms.removeAll(keepingCapacity: true)
        for place in 0..<restored.count {
            let reference = unsafe SeriesReference(raw: restored.references[place])
            guard reference.shard == number else { continue }
            let slot = unsafe slots[reference.slot]
            unsafe slot.pointee.epoch = epoch
            let (timeMs, value) = unsafe (restored.times[place], restored.values[place])
            if timeMs >= (unsafe slot.pointee.lastMs) {
                unsafe slot.pointee.lastMs = timeMs
                unsafe slot.pointee.lastBits = value.bitPattern
            }
            let startMs = restored.hasStarts ? unsafe restored.starts[place] : 0
            staged.append(UInt32(reference.slot), timeMs, value, startMs: startMs)
        }
        publishStaged()
    }

    mutating func restore(_ slot: Int, _ histogram: SampleBatch.Histogram) {
        unsafe slots[slot].pointee.epoch = epoch
        if histogram.timestampMs >= (unsafe slots[slot].pointee.lastMs) {
            unsafe slots[slot].pointee.lastMs = histogram.timestampMs
            unsafe slots[slot].pointee.lastBits = Self.histogramBits
        }
        histograms.append(HeadHistogram(slot: UInt32(slot), histogram: histogram))
    }

    /// Takes the slots from series that got no sample since the flush before the last one, nor any as new as `limitMs`.
    ///
    /// - Returns: their ids.
    mutating func removeInactive(olderThan limitMs: Int64) -> [UInt64] {
        var gone: [UInt64] = []
        let epoch = epoch
        slots.removeAll {
            $0.epoch &+ 2 <= epoch && $0.lastMs < limitMs
        } _: {
            gone.append($0)
        }
        return gone
    }

    /// First and last timestamp of the samples held; inverted where there are none.
    var times: (min: Int64, max: Int64) {
        var (first, last) = (Int64.max, Int64.min)
        for chunk in chunks { (first, last) = (min(first, chunk.minMs), max(last, chunk.maxMs)) }
        for entry in histograms {
            (first, last) = (min(first, entry.histogram.timestampMs), max(last, entry.histogram.timestampMs))
        }
        return (first, last)
    }

    /// Hands over all samples and begins anew; the slots stay.
    mutating func freeze() -> FrozenShard {
        let frozen = FrozenShard(
            number: number, chunks: chunks, histograms: histograms,
            ids: (0..<slots.count).map { unsafe slots[$0].pointee.id })
        chunks = []
        histograms = []
        epoch += 1
        return frozen
    }
}

struct HeadHistogram: Sendable {
    var slot: UInt32
    var histogram: SampleBatch.Histogram
}

/// The samples of a shard that no longer change, and the series that its slots belonged to.
struct FrozenShard: Sendable {
    var number: Int
    var chunks: [HeadChunk]
    var histograms: [HeadHistogram]
    var ids: [UInt64]
}

extension Int64 {
    func subtractingClamped(_ other: Int64) -> Int64 {
        let (result, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : result
    }
}

import Posix
import Storage

/// Which series have samples in a range, as far as that is known without reading any.
struct Presence {
    enum Answer {
        case present, absent
        /// Only samples tell.
        case unknown
    }

    private let store: TimeSeriesStore
    private let range: ClosedRange<Int64>
    /// Of the parts all of whose samples lie in the range and are there.
    private var whole: [SeriesBits] = []
    /// Of the parts of which only some do.
    private var partly: [SeriesBits] = []
    /// Any series may have samples where nothing tells of its own.
    private var isAnyPossible: Bool

    /// - Parameters:
    ///   - isInHead: whether the head had samples in the range before the view was taken.
    init(_ store: TimeSeriesStore, _ view: StoreView, _ range: ClosedRange<Int64>, isInHead: Bool) {
        self.store = store
        self.range = range
        isAnyPossible = isInHead
        for entry in view.samples {
            let summary = entry.samples.summary
            guard summary.minMs <= range.upperBound, summary.maxMs >= range.lowerBound else { continue }
            do throws(PartError) {
                let series = try entry.samples.series()
                if !series.isComplete {
                    isAnyPossible = true
                } else if range.contains(summary.minMs), range.contains(summary.maxMs),
                    view.deletions(for: entry.samples).isEmpty
                {
                    whole.append(series)
                } else {
                    partly.append(series)
                }
            } catch {
                store.quarantine(entry.part, error)
            }
        }
    }

    func answer(_ id: UInt64) -> Answer {
        if whole.contains(where: { $0.contains(id) }) { return .present }
        guard isAnyPossible || partly.contains(where: { $0.contains(id) }) else { return .absent }
        return isNewestInRange(id) ? .present : .unknown
    }

    /// Whether the newest sample of an active series lies in the range, and nothing takes samples away that it knows of.
    private func isNewestInRange(_ id: UInt64) -> Bool {
        guard store.options.keepsEverything else { return false }
        let raw = store.registry.references.read { $0.byID.reference(SeriesRegistry.References.key(ofID: id)) }
        guard raw != 0 else { return false }
        let reference = SeriesReference(raw: raw)
        return store.shards[reference.shard].withLock { shard in
            guard shard.slots.holds(reference) else { return false }
            let slot = unsafe shard.slots[reference.slot].pointee
            return slot.id == id && slot.lastMs != .min && range.contains(slot.lastMs)
        }
    }
}

extension TimeSeriesStore {
    /// Whether the head may have samples in a range. To be asked before the view is taken.
    func isInHead(_ range: ClosedRange<Int64>) -> Bool {
        let isFilling = shards.contains { shard in
            let times = shard.withLock { $0.times }
            return times.min <= range.upperBound && times.max >= range.lowerBound
        }
        return isFilling || view.withLock { !$0.flushing.isEmpty }
    }
}

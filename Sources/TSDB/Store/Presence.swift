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
    /// The series of parts that lie within the range as a whole.
    private var certain: [SeriesIDs] = []
    /// The other parts that reach into the range.
    private var parts: [Part] = []
    /// Any series may have samples where nothing tells of its own.
    private var isAnyPossible: Bool

    private struct Part {
        let series: SeriesBits
        /// Those of its slots that lie within the range.
        let slots: UInt64
        /// Whether all of its samples are there still.
        let isWhole: Bool
    }

    /// - Parameters:
    ///   - asked: of how many series or so the answer will be wanted.
    ///   - isInHead: whether the head had samples in the range before the view was taken.
    init(_ store: TimeSeriesStore, _ view: StoreView, _ range: ClosedRange<Int64>, asked: Int, isInHead: Bool) {
        self.store = store
        self.range = range
        isAnyPossible = isInHead
        for entry in view.samples {
            let summary = entry.samples.summary
            guard summary.minMs <= range.upperBound, summary.maxMs >= range.lowerBound else { continue }
            do throws(PartError) {
                let series = try entry.samples.series()
                if series.isComplete {
                    let isWhole = view.deletions(for: entry.samples).isEmpty
                    if isWhole, range.contains(summary.minMs), range.contains(summary.maxMs) {
                        certain.append(series.ids)
                        continue
                    }
                    parts.append(Part(series: series, slots: series.slots(in: range), isWhole: isWhole))
                } else {
                    isAnyPossible = true
                }
            } catch {
                store.quarantine(entry.part, error)
            }
        }
        // One look for each series rather than one for each series and part.
        if certain.count > 1, asked > certain.reduce(0, { $0 + $1.wordCount }) / certain.count {
            var all = SeriesIDs()
            for ids in certain { all.formUnion(ids) }
            certain = [all]
        }
    }

    func answer(_ id: UInt64) -> Answer {
        for index in certain.indices where certain[index].contains(id) { return .present }
        var isPossible = isAnyPossible
        for index in parts.indices {
            guard let rank = parts[index].series.rank(of: id) else { continue }
            if parts[index].isWhole, parts[index].series.slots(ofRank: rank) & parts[index].slots != 0 {
                return .present
            }
            let ends = parts[index].series.ends(ofRank: rank)
            guard ends.first.lowerBound <= range.upperBound, ends.last.upperBound >= range.lowerBound else { continue }
            if parts[index].isWhole, holds(ends.first) || holds(ends.last) { return .present }
            isPossible = true
        }
        guard isPossible else { return .absent }
        return isNewestInRange(id) ? .present : .unknown
    }

    private func holds(_ moment: SeriesBits.Moment) -> Bool {
        range.contains(moment.lowerBound) && range.contains(moment.upperBound)
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

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
    /// Those that reach into the range.
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
                if series.isComplete {
                    let isWhole = view.deletions(for: entry.samples).isEmpty
                    parts.append(Part(series: series, slots: series.slots(in: range), isWhole: isWhole))
                } else {
                    isAnyPossible = true
                }
            } catch {
                store.quarantine(entry.part, error)
            }
        }
    }

    func answer(_ id: UInt64) -> Answer {
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

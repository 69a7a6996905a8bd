import LabelIndex
import Model
import Posix
package import Storage

extension TimeSeriesStore {
    package func select(_ request: SelectRequest) throws(StorageError) -> any SeriesSelection {
        if request.cancellation.isRaised { throw .cancelled }
        let (series, labels) = try match([request.matchers])
        guard series.count <= request.seriesMax else {
            throw .limitExceeded(
                limit: "series",
                sentence:
                    "the selector matches \(series.count) series, more than the \(request.seriesMax) that one query may read: name more labels or raise the limit"
            )
        }
        let selection = Selection(
            self, series, labels: labels, range: visible(request.startMs, request.endMs),
            cancellation: request.cancellation)
        if request.sorted { try selection.sortByLabels() }
        return selection
    }

    /// The part of a range that retention has not taken; nil where nothing is left.
    func visible(_ startMs: Int64, _ endMs: Int64) -> ClosedRange<Int64>? {
        let cutoff = options.retentionMs.map { time.wallMs.subtractingClamped($0) } ?? .min
        let start = max(startMs, cutoff)
        return start <= endMs ? start...endMs : nil
    }

    /// Pins what can be read of these series: first the head, then the view, for a flush moves samples from the one to
    /// the other. What is met in both is taken from the head.
    func pin(_ ids: [UInt64], _ range: ClosedRange<Int64>) -> (HeadPins, StoreView) {
        var candidates: [[(reference: SeriesReference, place: Int)]] = shards.map { _ in [] }
        registry.references.read { table in
            for (place, id) in ids.enumerated() {
                let raw = table.byID.reference(SeriesRegistry.References.key(ofID: id))
                if raw != 0 {
                    let reference = SeriesReference(raw: raw)
                    candidates[reference.shard].append((reference, place))
                }
            }
        }
        var pins: [HeadPins.Shard] = []
        for (number, shard) in shards.enumerated() where !candidates[number].isEmpty {
            let own = candidates[number]
            pins.append(shard.withLock { $0.pin(own, ids, range) })
        }
        let view = view.withLock { $0 }
        let pinned = Set(pins.flatMap { $0.chunks.map { ObjectIdentifier($0.chunk) } })
        for frozen in view.flushing {
            var pin = HeadPins.Shard()
            pin.chunks = frozen.chunks
                .filter { $0.mayHold(range) && !pinned.contains(ObjectIdentifier($0)) }
                .map { PinnedChunk($0) }
            pin.histograms = frozen.histograms
            pin.slotsOfAll = frozen.ids.count
            for (reference, place) in candidates[frozen.number]
            where reference.slot < frozen.ids.count && frozen.ids[reference.slot] == ids[place] {
                pin.slots.append((UInt32(reference.slot), place))
            }
            pins.append(pin)
        }
        return (HeadPins(pins, seriesCount: ids.count, range: range), view)
    }
}

extension HeadShard {
    /// Pins the samples of this shard for those series that still have the slots of their references.
    func pin(
        _ candidates: [(reference: SeriesReference, place: Int)], _ ids: [UInt64], _ range: ClosedRange<Int64>
    ) -> HeadPins.Shard {
        var pin = HeadPins.Shard()
        for (reference, place) in candidates
        where slots.holds(reference) && (unsafe slots[reference.slot].pointee.id) == ids[place] {
            pin.slots.append((UInt32(reference.slot), place))
        }
        pin.chunks = chunks.filter { $0.mayHold(range) }.map { PinnedChunk($0) }
        pin.histograms = histograms
        pin.slotsOfAll = slots.count
        return pin
    }
}

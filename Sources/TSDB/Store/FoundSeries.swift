import LabelIndex
import Model
import Posix
import Storage

/// The series that a request for labels means, before it is known which of them have samples in its range.
struct FoundSeries {
    private let store: TimeSeriesStore
    private let series: SelectedSeries
    private let view: StoreView
    private let presence: Presence
    private let range: ClosedRange<Int64>
    private let cancellation: Cancellation

    /// A series whose labels lie in a segment.
    struct Stored {
        let segment: Int
        let index: LabelSegment
        let ordinal: Int
    }

    /// nil where nothing can be in the range.
    init?(_ store: TimeSeriesStore, _ request: LabelRequest) throws(StorageError) {
        guard let range = store.visible(request.startMs, request.endMs) else { return nil }
        // The head first, then the view: a flush moves samples from the one to the other.
        let isInHead = store.isInHead(range)
        (series, view) = try store.match(request.selectors)
        presence = Presence(store, view, range, asked: series.count, isInHead: isInHead)
        (self.store, self.range, cancellation) = (store, range, request.cancellation)
    }

    var segments: [LabelSegment] { view.segments.map(\.index) }

    /// Calls `body` with the place of each series that has samples in the range, in no certain order.
    ///
    /// - Parameter isWanted: is asked before it is found out whether a series has samples, once or twice.
    func forEachPresent(
        where isWanted: (Int) throws(StorageError) -> Bool = { _ in true },
        _ body: (Int) throws(StorageError) -> Void
    ) throws(StorageError) {
        var uncertain: [Int] = []
        for place in 0..<series.count where try isWanted(place) {
            if cancellation.isRaised { throw .cancelled }
            switch presence.answer(series.ids[place]) {
            case .present: try body(place)
            case .absent: break
            case .unknown: uncertain.append(place)
            }
        }
        var asked: [Int] = []
        for place in uncertain where try isWanted(place) { asked.append(place) }
        if asked.isEmpty { return }
        var rest = series
        rest.reorder(asked)
        let selection = Selection(store, rest, labels: view, range: range, cancellation: cancellation)
        for place in try selection.present() { try body(asked[place]) }
    }

    /// nil for one that only memory has.
    func stored(_ place: Int) -> Stored? {
        let source = series.source(place)
        guard source.segment >= 0 else { return nil }
        let segment = Int(source.segment)
        return Stored(segment: segment, index: view.segments[segment].index, ordinal: Int(source.place))
    }

    /// The canonical labels of a series that only memory has.
    func copied(_ place: Int) -> ArraySlice<UInt8> { series.copied[Int(series.source(place).place)] }

    /// Reads a segment; one that is damaged is not served any more.
    func reading<Value>(
        _ stored: Stored, _ body: () throws(LabelIndexError) -> Value
    ) throws(StorageError) -> Value {
        do throws(LabelIndexError) {
            return try body()
        } catch {
            throw store.quarantine(view.segments[stored.segment].part, error)
        }
    }

    func labels(_ place: Int, _ trail: inout LabelSegment.NameTrail) throws(StorageError) -> Labels {
        guard let stored = stored(place) else { return Labels(canonical: Array(copied(place))) }
        var bytes: [UInt8] = []
        try reading(stored) { () throws(LabelIndexError) in
            try stored.index.appendLabels(stored.ordinal, to: &bytes, &trail)
        }
        return Labels(canonical: bytes)
    }
}

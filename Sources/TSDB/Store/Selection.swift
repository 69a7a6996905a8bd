import LabelIndex
import Model
import Posix
import Storage

/// What `TimeSeriesStore.select` gives: series, and pins on everything that holds their samples.
final class Selection: SeriesSelection {
    private let store: TimeSeriesStore
    private let labelView: StoreView
    private let view: StoreView
    private let head: HeadPins
    /// nil where nothing can be in the range.
    private let range: ClosedRange<Int64>?
    private let cancellation: Cancellation
    /// By id, or by labels after `sortByLabels`.
    private let series: Lock<SelectedSeries>
    /// The place by id of each series, where the order is another one.
    private let order: Lock<[Int]>
    private let selected: SelectedSeries
    private let spare = Lock<[SelectionReader]>([])

    init(
        _ store: TimeSeriesStore, _ series: SelectedSeries, labels: StoreView, range: ClosedRange<Int64>?,
        cancellation: Cancellation
    ) {
        self.store = store
        selected = series
        self.series = Lock(series)
        order = Lock([])
        labelView = labels
        self.range = range
        self.cancellation = cancellation
        let everything = range ?? 0...0
        (head, view) = store.pin(series.ids, everything)
    }

    var count: Int { selected.count }

    var samplesEstimate: Int {
        guard let range, selected.count > 0 else { return 0 }
        var estimate = 0
        for entry in view.samples {
            let summary = entry.samples.summary
            guard summary.minMs <= range.upperBound, summary.maxMs >= range.lowerBound, summary.series > 0 else {
                continue
            }
            let share = min(1, Double(selected.count) / Double(summary.series))
            let span = Double(summary.maxMs) - Double(summary.minMs) + 1
            let overlap =
                Double(min(summary.maxMs, range.upperBound)) - Double(max(summary.minMs, range.lowerBound)) + 1
            estimate += Int(Double(summary.samples + summary.histograms) * share * overlap / span) + 1
        }
        return estimate + head.samplesEstimate
    }

    // MARK: labels

    func labels(_ range: Range<Int>, into block: inout LabelBlock) throws(StorageError) {
        block.removeAll()
        let order = order.withLock { $0 }
        var bytes: [UInt8] = []
        for index in range {
            bytes.removeAll(keepingCapacity: true)
            try appendLabels(order.isEmpty ? index : order[index], to: &bytes)
            block.append(Labels(canonical: bytes))
        }
    }

    private func appendLabels(_ place: Int, to bytes: inout [UInt8]) throws(StorageError) {
        let source = selected.source(place)
        if source.segment < 0 {
            bytes += selected.copied[Int(source.place)]
            return
        }
        let segment = labelView.segments[Int(source.segment)]
        do throws(LabelIndexError) {
            try segment.index.appendLabels(Int(source.place), to: &bytes)
        } catch {
            throw store.quarantine(segment.part, error)
        }
    }

    /// Puts the series in the order of their labels. To be called before anybody reads.
    func sortByLabels() throws(StorageError) {
        var all: [Labels] = []
        all.reserveCapacity(count)
        for place in 0..<count {
            var bytes: [UInt8] = []
            try appendLabels(place, to: &bytes)
            all.append(Labels(canonical: bytes))
        }
        let sorted = all.indices.sorted { all[$0] < all[$1] }
        order.withLock { $0 = sorted }
    }

    // MARK: samples

    func read(_ series: Range<Int>, into block: inout SeriesBlock) throws(StorageError) {
        block.removeAll()
        let order = order.withLock { $0 }
        guard let range else {
            for _ in series { block.appendNothing() }
            return
        }
        let reader = spare.withLock { $0.popLast() } ?? SelectionReader(store, view, head)
        defer { spare.withLock { $0.append(reader) } }
        let places = order.isEmpty ? Array(series) : series.map { order[$0] }
        // Parts are walked by id, whatever the order of the answer.
        let walk = order.isEmpty ? Array(places.indices) : places.indices.sorted { places[$0] < places[$1] }
        block.floats = [SeriesBlock.Floats](
            repeating: SeriesBlock.Floats(timestampStart: 0, valueStart: 0, count: 0), count: places.count)
        var histograms = [[SampleBatch.Histogram]](repeating: [], count: places.count)
        var hasHistograms = false
        reader.beginBlock()
        for index in walk {
            if cancellation.isRaised { throw .cancelled }
            let place = places[index]
            reader.read(selected.ids[place], place: place, range, into: &block, at: index)
            if !reader.histograms.isEmpty {
                hasHistograms = true
                histograms[index] = reader.histograms
            }
        }
        if !block.startTimestampsMs.isEmpty { block.padStarts() }
        if hasHistograms {
            for own in histograms {
                block.histograms += own
                block.histogramOffsets.append(block.histograms.count)
            }
        } else {
            block.histogramOffsets = [Int](repeating: 0, count: places.count + 1)
        }
    }

    /// Which of the series have samples in the range.
    func present() throws(StorageError) -> [Int] {
        guard let range else { return [] }
        let presence = Presence(store, view, range, asked: count, isInHead: !head.isEmpty)
        let reader = SelectionReader(store, view, head)
        var present: [Int] = []
        for place in 0..<count {
            if cancellation.isRaised { throw .cancelled }
            let id = selected.ids[place]
            switch presence.answer(id) {
            case .present: present.append(place)
            case .absent: break
            case .unknown: if reader.hasSamples(id, place: place, range) { present.append(place) }
            }
        }
        return present
    }
}

extension SeriesBlock {
    /// A series without samples.
    fileprivate mutating func appendNothing() {
        floats.append(Floats(timestampStart: 0, valueStart: 0, count: 0))
        histogramOffsets.append(histograms.count)
    }

    /// Start timestamps reach as far as the values.
    fileprivate mutating func padStarts() {
        startTimestampsMs.append(contentsOf: repeatElement(0, count: values.count - startTimestampsMs.count))
    }
}

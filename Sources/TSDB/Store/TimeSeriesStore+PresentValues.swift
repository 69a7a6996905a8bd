import LabelIndex
import Posix
import Storage

extension TimeSeriesStore {
    /// More texts than this whose presence needs samples are answered by one walk over all series rather than over theirs.
    static let uncertainTextsMax = 1024

    /// The values of a label that some series has with samples in the range, as far as that is known without reading
    /// more than one series of each. `uncertain` are those of which only samples tell.
    func presentValues(
        of name: Span<UInt8>, in range: ClosedRange<Int64>, _ cancellation: Cancellation
    ) throws(StorageError) -> (certain: [String], uncertain: [String]) {
        try presentTexts(in: range, cancellation) { index, isMeant, add in
            index.forEachValue(of: name, whose: isMeant, add)
        } mapped: { segment, isMeant, add throws(LabelIndexError) in
            try segment.forEachValue(of: name, whose: isMeant, add)
        }
    }

    /// The names of labels that some series has with samples in the range, likewise.
    func presentNames(
        in range: ClosedRange<Int64>, _ cancellation: Cancellation
    ) throws(StorageError) -> (certain: [String], uncertain: [String]) {
        try presentTexts(in: range, cancellation) { index, isMeant, add in
            index.forEachName(whose: isMeant, add)
        } mapped: { segment, isMeant, add throws(LabelIndexError) in
            try segment.forEachName(whose: isMeant, add)
        }
    }

    private func presentTexts(
        in range: ClosedRange<Int64>, _ cancellation: Cancellation,
        memory: (MemoryLabelIndex, (UInt32) -> Bool, (Span<UInt8>, Bool) -> Void) -> Void,
        mapped: (LabelSegment, (UInt32) -> Bool, (Span<UInt8>, Bool) -> Void) throws(LabelIndexError) -> Void
    ) throws(StorageError) -> (certain: [String], uncertain: [String]) {
        var texts = PresentTexts()
        // Memory first, then the view: a flush moves series and samples from the one to the other.
        let created = registry.creation.withLock { $0.index }
        let isInHead = isInHead(range)
        let view = view.withLock { $0 }
        let presence = Presence(self, view, range, asked: .max, isInHead: isInHead)
        for index in [created, view.flushingIndex].compactMap({ $0 }) {
            memory(index) { ordinal in
                texts.note(index.ids[Int(ordinal)], presence)
            } _: { text, isPresent in
                texts.add(text, isPresent)
            }
        }
        for segment in view.segments {
            do throws(LabelIndexError) {
                try mapped(segment.index) { ordinal in
                    texts.note(segment.index.id(Int(ordinal)), presence)
                } _: { text, isPresent in
                    texts.add(text, isPresent)
                }
            } catch {
                quarantine(segment.part, error)
            }
        }
        try texts.readCandidates(self, view, range, cancellation)
        return (texts.certain, Array(texts.candidates.keys))
    }
}

private struct PresentTexts {
    private(set) var certain: [String] = []
    /// Of those that are uncertain, a series that may have samples in the range.
    private(set) var candidates: [String: UInt64] = [:]
    /// The first such series of the text that is walked.
    private var possible: UInt64?

    /// - Returns: whether the series is known to have samples in the range.
    mutating func note(_ id: UInt64, _ presence: Presence) -> Bool {
        switch presence.answer(id) {
        case .present: return true
        case .absent: return false
        case .unknown:
            if possible == nil { possible = id }
            return false
        }
    }

    mutating func add(_ text: Span<UInt8>, _ isPresent: Bool) {
        if isPresent {
            certain.append(TimeSeriesStore.text(text))
        } else if let possible {
            candidates[TimeSeriesStore.text(text)] = possible
        }
        possible = nil
    }

    /// Reads the candidates: mostly they have samples, so that no other series of their texts is looked at.
    mutating func readCandidates(
        _ store: TimeSeriesStore, _ view: StoreView, _ range: ClosedRange<Int64>, _ cancellation: Cancellation
    ) throws(StorageError) {
        for text in certain { candidates[text] = nil }
        if candidates.isEmpty { return }
        var series = SelectedSeries()
        for id in Set(candidates.values).sorted() { series.add(id) { _ in } }
        let selection = Selection(store, series, labels: view, range: range, cancellation: cancellation)
        let present = Set(try selection.present().map { series.ids[$0] })
        for (text, id) in candidates where present.contains(id) {
            certain.append(text)
            candidates[text] = nil
        }
    }
}

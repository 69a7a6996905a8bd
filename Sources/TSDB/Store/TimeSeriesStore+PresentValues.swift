import LabelIndex
import Posix
import Storage

extension TimeSeriesStore {
    /// More values than this whose presence needs samples are answered by one walk over all series rather than over theirs.
    static let uncertainValuesMax = 1024

    /// The values of a label that some series has with samples in the range, as far as that is known without reading
    /// any, which it mostly is. `uncertain` are those of which only samples tell.
    func presentValues(
        of name: Span<UInt8>, in range: ClosedRange<Int64>
    ) -> (certain: [String], uncertain: Set<String>) {
        var values = PresentValues()
        // Memory first, then the view: a flush moves series and samples from the one to the other.
        let memory = registry.creation.withLock { $0.index }
        let isInHead = isInHead(range)
        let view = view.withLock { $0 }
        let presence = Presence(self, view, range, isInHead: isInHead)
        for index in [memory, view.flushingIndex].compactMap({ $0 }) {
            index.forEachValue(of: name) { ordinal in
                values.note(presence.answer(index.ids[Int(ordinal)]))
            } _: { value, isPresent in
                values.add(value, isPresent)
            }
        }
        for segment in view.segments {
            do throws(LabelIndexError) {
                try segment.index.forEachValue(of: name) { ordinal in
                    values.note(presence.answer(segment.index.id(Int(ordinal))))
                } _: { value, isPresent in
                    values.add(value, isPresent)
                }
            } catch {
                quarantine(segment.part, error)
            }
        }
        return (values.certain, values.uncertain.isEmpty ? [] : values.uncertain.subtracting(values.certain))
    }
}

private struct PresentValues {
    var certain: [String] = []
    var uncertain: Set<String> = []
    /// Whether a series of the value that is walked may have samples in the range.
    private var isPossible = false

    /// - Returns: whether the series has samples in the range.
    mutating func note(_ answer: Presence.Answer) -> Bool {
        if answer == .unknown { isPossible = true }
        return answer == .present
    }

    mutating func add(_ value: Span<UInt8>, _ isPresent: Bool) {
        if isPresent {
            certain.append(TimeSeriesStore.text(value))
        } else if isPossible {
            uncertain.insert(TimeSeriesStore.text(value))
        }
        isPossible = false
    }
}

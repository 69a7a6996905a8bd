import LabelIndex
import Posix
import Storage

extension TimeSeriesStore {
    /// More values than this whose presence needs samples are answered by one walk over all series rather than over theirs.
    static let uncertainValuesMax = 1024

    /// The values of a label that some series has in a part which lies within the range as a whole: indexes tell that
    /// alone. `uncertain` are the others that exist.
    func presentValues(
        of name: Span<UInt8>, in range: ClosedRange<Int64>
    ) -> (certain: Set<String>, uncertain: Set<String>) {
        var certain: Set<String> = []
        var uncertain: Set<String> = []
        registry.creation.withLock { creation in
            creation.index.forEachValue(of: name) { value, _ in uncertain.insert(Self.text(value)) }
        }
        let view = view.withLock { $0 }
        view.flushingIndex?.forEachValue(of: name) { value, _ in uncertain.insert(Self.text(value)) }
        let whole = seriesOfParts(within: range, view)
        for segment in view.segments {
            do throws(LabelIndexError) {
                try segment.index.forEachValue(of: name) { ordinal in
                    let id = segment.index.id(Int(ordinal))
                    return whole.contains { $0.contains(id) }
                } _: { value, isPresent in
                    if isPresent { certain.insert(Self.text(value)) } else { uncertain.insert(Self.text(value)) }
                }
            } catch {
                quarantine(segment.part, error)
            }
        }
        return (certain, uncertain.subtracting(certain))
    }

    /// Series of the parts all of whose samples lie within the range and are not deleted.
    private func seriesOfParts(within range: ClosedRange<Int64>, _ view: StoreView) -> [SeriesBits] {
        var whole: [SeriesBits] = []
        for entry in view.samples {
            let summary = entry.samples.summary
            guard summary.minMs >= range.lowerBound, summary.maxMs <= range.upperBound,
                view.deletions(for: entry.samples).isEmpty
            else { continue }
            do throws(PartError) {
                whole.append(try entry.samples.series())
            } catch {
                quarantine(entry.part, error)
            }
        }
        return whole
    }
}

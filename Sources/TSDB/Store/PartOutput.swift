import Encoding
import Model
import Parts

/// A part of samples on its way to disk: what the writer has ready goes into the file in large pieces.
final class PartOutput {
    private static let pieceBytes = 1 << 20

    private let part: PartWriter
    private var file: PartFileWriter?
    private var writer: SamplePartWriter

    init(_ part: PartWriter, deletionsApplied: UInt64, isMerge: Bool = false) throws {
        self.part = part
        file = try part.makeFile(StoredContent.samplesFile)
        writer = SamplePartWriter(deletionsApplied: deletionsApplied, isMerge: isMerge)
    }

    /// Adds samples of a series that are sorted.
    func add(_ id: UInt64, _ columns: borrowing FloatColumns, _ places: Range<Int>) throws {
        guard !places.isEmpty else { return }
        unsafe writer.add(
            id, UnsafeBufferPointer(start: columns.times + places.lowerBound, count: places.count),
            UnsafeBufferPointer(start: columns.values + places.lowerBound, count: places.count),
            starts: columns.hasStarts
                ? UnsafeBufferPointer(start: columns.starts + places.lowerBound, count: places.count) : nil)
        try writePieces()
    }

    func add(_ id: UInt64, _ histograms: [SampleBatch.Histogram]) throws {
        guard !histograms.isEmpty else { return }
        writer.add(id, histograms[...])
        try writePieces()
    }

    private func writePieces(all: Bool = false) throws {
        guard all || writer.output.count >= Self.pieceBytes else { return }
        let bytes = writer.output
        try file?.append(bytes.span)
        writer.removeOutput()
    }

    var isEmpty: Bool { writer.summary.samples == 0 && writer.summary.histograms == 0 }

    /// Ends the part, which is then ready for a commit.
    func finish(partition: Int64, level: Int) throws -> FinishedPart {
        let summary = writer.finish()
        try writePieces(all: true)
        if let file = file.take() { try part.finish(file) }
        return part.finish(
            PartDescription(
                partition: partition, minTimeMs: summary.minMs, maxTimeMs: summary.maxMs,
                rows: summary.samples + summary.histograms, level: level))
    }
}

extension PartOutput {
    /// Adds what of the sorted head lies in a window.
    func write(
        _ head: borrowing HeadSorter, _ histograms: [UInt64: [SampleBatch.Histogram]], _ window: TimeWindow
    ) throws {
        var own = FloatColumns()
        var left = histograms.keys.sorted()[...]
        for series in head.series {
            while let id = left.first, id < series.id {
                try addHistograms(id, histograms, window)
                left = left.dropFirst()
            }
            own.removeAll()
            own.append(head.columns, series.samples, within: window)
            own.sortKeepingLast()
            try add(series.id, own, 0..<own.count)
            if left.first == series.id {
                try addHistograms(series.id, histograms, window)
                left = left.dropFirst()
            }
        }
        for id in left { try addHistograms(id, histograms, window) }
    }

    private func addHistograms(
        _ id: UInt64, _ histograms: [UInt64: [SampleBatch.Histogram]], _ window: TimeWindow
    ) throws {
        try add(id, (histograms[id] ?? []).filter { window.contains($0.timestampMs) }.sortedKeepingLast())
    }
}

extension [SampleBatch.Histogram] {
    /// Sorted by time; of those with equal timestamps the last one stays.
    func sortedKeepingLast() -> [SampleBatch.Histogram] {
        if zip(self, dropFirst()).allSatisfy({ $0.timestampMs < $1.timestampMs }) { return self }
        let order = indices.sorted { (self[$0].timestampMs, $0) < (self[$1].timestampMs, $1) }
        return order.enumerated().compactMap { place, index in
            let isReplaced = place + 1 < order.count && self[order[place + 1]].timestampMs == self[index].timestampMs
            return isReplaced ? nil : self[index]
        }
    }
}

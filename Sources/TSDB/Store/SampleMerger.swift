import Model

/// Walks several parts, oldest first, by series, and writes what is to be kept.
///
/// A class, because the compiler makes no valid code of it as a struct under ThreadSanitizer.
@safe
final class SampleMerger {
    struct Input: Sendable {
        let part: SamplePart
        let deletions: [Deletion]

        init(_ part: SamplePart, _ deletions: [Deletion]) {
            self.part = part
            self.deletions = deletions
        }
    }

    private let inputs: [Input]
    private let cursors: UnsafeMutableBufferPointer<PartCursor>
    private var columns = FloatColumns()
    private var histograms: [SampleBatch.Histogram] = []

    init(_ inputs: [Input]) {
        self.inputs = inputs
        unsafe cursors = .allocate(capacity: inputs.count)
        for (place, input) in inputs.enumerated() {
            unsafe cursors.initializeElement(at: place, to: PartCursor(input.part))
        }
    }

    deinit {
        unsafe cursors.deinitialize()
        unsafe cursors.deallocate()
    }

    func run(into output: PartOutput, _ retention: SeriesRetention) throws {
        while let id = try leastID() {
            columns.removeAll()
            histograms.removeAll(keepingCapacity: true)
            for place in inputs.indices { try take(id, from: place) }
            columns.sortKeepingLast()
            histograms = histograms.sortedKeepingLast()
            if let cutoff = retention.cutoffMs(of: id) {
                columns.keep(columns.places(in: cutoff...(.max)))
                histograms.removeAll { $0.timestampMs < cutoff }
            }
            columns.removeTimes(of: histograms)
            try output.add(id, columns, 0..<columns.count)
            try output.add(id, histograms)
        }
    }

    private func leastID() throws -> UInt64? {
        var least: UInt64?
        for place in inputs.indices {
            do throws(PartError) {
                guard let block = try unsafe cursors[place].peek() else { continue }
                least = min(least ?? block.id, block.id)
            } catch {
                throw DamagedInput(input: place, reason: error)
            }
        }
        return least
    }

    private func take(_ id: UInt64, from place: Int) throws {
        let (floats, others) = (columns.count, histograms.count)
        let cursor = unsafe cursors.baseAddress! + place
        do throws(PartError) {
            while let block = try unsafe cursor.pointee.peek(), block.id == id {
                if block.kind == .histograms {
                    try unsafe cursor.pointee.appendHistograms(block, to: &histograms)
                } else {
                    try unsafe cursor.pointee.appendFloats(block, to: &columns)
                }
                unsafe cursor.pointee.advance()
            }
        } catch {
            throw DamagedInput(input: place, reason: error)
        }
        for deletion in inputs[place].deletions where deletion.holds(id) {
            columns.remove(from: floats, in: deletion.startMs...deletion.endMs)
            let kept = histograms[others...].filter { !(deletion.startMs...deletion.endMs).contains($0.timestampMs) }
            histograms.replaceSubrange(others..., with: kept)
        }
    }
}

/// Which input of a merge could not be read.
struct DamagedInput: Error {
    let input: Int
    let reason: PartError
}

import Model
import Posix

/// What a selection sees of the head: chunks as they were, and which of their slots are meant. The samples are put in
/// order when they are first asked for.
final class HeadPins: Sendable {
    /// The pinned chunks of one shard.
    struct Shard: Sendable {
        var chunks: [PinnedChunk] = []
        var histograms: [HeadHistogram] = []
        /// Slots of the series meant, and their places in the selection.
        var slots: [(slot: UInt32, place: Int)] = []
        /// Series that have samples in the chunks, or may have.
        var slotsOfAll = 0

        /// From so many series on, walking over all samples is cheaper than looking for those of each.
        var isWalked: Bool { slots.count > HeadChunk.capacity / 16 }

        /// About how many samples are meant, as if all series had equally many.
        var samplesEstimate: Int {
            let samples = chunks.reduce(0) { $0 + $1.count }
            let share = Double(slots.count) / Double(max(slotsOfAll, slots.count, 1))
            return Int(Double(samples) * share) + slots.count + histograms.count
        }
    }

    private let shards: [Shard]
    private let range: ClosedRange<Int64>
    private let gathered = Lock<Gathered?>(nil)

    /// The samples of the selected series: those of place `i` at `starts[i]..<starts[i + 1]`, in order of arrival.
    final class Gathered: Sendable {
        let starts: [Int]
        let columns: SharedColumns
        let histograms: [Int: [SampleBatch.Histogram]]

        init(starts: [Int], columns: SharedColumns, histograms: [Int: [SampleBatch.Histogram]]) {
            self.starts = starts
            self.columns = columns
            self.histograms = histograms
        }
    }

    init(_ shards: [Shard], seriesCount: Int, range: ClosedRange<Int64>) {
        self.shards = shards.filter { !$0.slots.isEmpty && !($0.chunks.isEmpty && $0.histograms.isEmpty) }
        self.seriesCount = seriesCount
        self.range = range
    }

    private let seriesCount: Int

    var isEmpty: Bool { shards.isEmpty }

    var samplesEstimate: Int { shards.reduce(0) { $0 + $1.samplesEstimate } }

    /// nil where the head has nothing.
    func samples() -> Gathered? {
        if shards.isEmpty { return nil }
        return gathered.withLock { gathered in
            if let gathered { return gathered }
            let made = gather()
            gathered = made
            return made
        }
    }

    /// A sample that a look-up found.
    private struct Found {
        var place: Int32
        var chunk: Int32
        var at: Int32
    }

    private func gather() -> Gathered {
        var counts = [Int](repeating: 0, count: seriesCount + 1)
        // Samples are looked up once and walked over twice: once to count them.
        var found: [[Found]] = []
        for shard in shards {
            found.append(shard.isWalked ? [] : lookUp(shard))
            for sample in found[found.count - 1] { counts[Int(sample.place)] += 1 }
            if shard.isWalked { walk(shard) { place, _, _ in counts[place] += 1 } }
        }
        var starts = [0]
        starts.reserveCapacity(counts.count)
        for count in counts.dropLast() { starts.append(starts[starts.count - 1] + count) }
        let columns = SharedColumns(count: starts[starts.count - 1])
        var next = starts
        for (shard, found) in zip(shards, found) {
            for sample in found {
                columns.set(next[Int(sample.place)], from: shard.chunks[Int(sample.chunk)], Int(sample.at))
                next[Int(sample.place)] += 1
            }
            if shard.isWalked {
                walk(shard) { place, chunk, index in
                    columns.set(next[place], from: chunk, index)
                    next[place] += 1
                }
            }
        }
        var histograms: [Int: [SampleBatch.Histogram]] = [:]
        for shard in shards where !shard.histograms.isEmpty {
            let places = Dictionary(shard.slots.map { ($0.slot, $0.place) }, uniquingKeysWith: { first, _ in first })
            for entry in shard.histograms where range.contains(entry.histogram.timestampMs) {
                if let place = places[entry.slot] { histograms[place, default: []].append(entry.histogram) }
            }
        }
        return Gathered(starts: starts, columns: columns, histograms: histograms)
    }

    private func lookUp(_ shard: Shard) -> [Found] {
        var found: [Found] = []
        let filter = SlotFilter(shard.slots)
        for (number, chunk) in shard.chunks.enumerated() {
            func take(_ at: Int, _ place: Int) {
                guard range.contains(unsafe chunk.chunk.times[at]) else { return }
                found.append(Found(place: Int32(place), chunk: Int32(number), at: Int32(at)))
            }
            let index = chunk.index()
            for (slot, place) in shard.slots {
                index.forEach(slot) { at in if at < chunk.count { take(at, place) } }
            }
            guard index.count < chunk.count else { continue }
            for at in index.count..<chunk.count {
                if let place = unsafe filter.place(of: chunk.chunk.slots[at]) { take(at, place) }
            }
        }
        return found
    }

    private func walk(_ shard: Shard, _ body: (Int, PinnedChunk, Int) -> Void) {
        let slotMax = shard.slots.reduce(0) { max($0, Int($1.slot)) }
        var places = [Int32](repeating: -1, count: slotMax + 1)
        for (slot, place) in shard.slots { places[Int(slot)] = Int32(place) }
        for chunk in shard.chunks {
            for index in 0..<chunk.count {
                let slot = Int(unsafe chunk.chunk.slots[index])
                guard slot <= slotMax, places[slot] >= 0, range.contains(unsafe chunk.chunk.times[index]) else {
                    continue
                }
                body(Int(places[slot]), chunk, index)
            }
        }
    }
}

/// Columns that several readers share once they are filled.
@safe
final class SharedColumns: @unchecked Sendable {  // filled by one thread before others see it
    let times: UnsafeMutablePointer<Int64>
    let values: UnsafeMutablePointer<Double>
    let starts: UnsafeMutablePointer<Int64>
    private(set) var hasStarts = false

    init(count: Int) {
        unsafe times = .allocate(capacity: max(1, count))
        unsafe values = .allocate(capacity: max(1, count))
        unsafe starts = .allocate(capacity: max(1, count))
        unsafe starts.initialize(repeating: 0, count: count)
    }

    deinit {
        unsafe times.deallocate()
        unsafe values.deallocate()
        unsafe starts.deallocate()
    }

    func set(_ place: Int, from chunk: PinnedChunk, _ index: Int) {
        unsafe times[place] = chunk.chunk.times[index]
        unsafe values[place] = chunk.chunk.values[index]
        if chunk.hasStarts, let column = unsafe chunk.chunk.starts {
            unsafe starts[place] = column[index]
            if unsafe column[index] != 0 { hasStarts = true }
        }
    }
}

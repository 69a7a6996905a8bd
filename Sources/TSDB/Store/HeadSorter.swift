/// The samples of frozen shards put into order of the series' ids, each series in order of arrival: one pass to count, one
/// to place.
@safe
struct HeadSorter: ~Copyable {
    /// A series of the head and where its samples lie.
    struct Series {
        var id: UInt64
        var samples: Range<Int>
    }

    private(set) var series: [Series] = []
    private(set) var columns = FloatColumns()

    init(_ shards: [FrozenShard]) {
        let bases = shards.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.ids.count) }
        let total = shards.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.count } }
        columns.append(count: total)
        guard total > 0 else { return }
        var next = [Int](repeating: 0, count: bases[bases.count - 1])
        for (shard, frozen) in shards.enumerated() {
            for chunk in frozen.chunks {
                for place in 0..<chunk.count { next[bases[shard] + Int(unsafe chunk.slots[place])] += 1 }
            }
        }
        layOut(shards, bases, &next)
        if shards.contains(where: { $0.chunks.contains { unsafe $0.starts != nil } }) {
            _ = unsafe columns.beginStarts()
        }
        for (shard, frozen) in shards.enumerated() {
            for chunk in frozen.chunks { place(chunk, bases[shard], &next) }
        }
    }

    /// Turns counts into places, in order of the ids.
    private mutating func layOut(_ shards: [FrozenShard], _ bases: [Int], _ next: inout [Int]) {
        for (shard, frozen) in shards.enumerated() {
            for slot in frozen.ids.indices where next[bases[shard] + slot] > 0 {
                // Until the order is known the range holds slot and count.
                let place = bases[shard] + slot
                series.append(Series(id: frozen.ids[slot], samples: place..<place + next[place]))
            }
        }
        if zip(series, series.dropFirst()).contains(where: { $0.id > $1.id }) { series.sort { $0.id < $1.id } }
        var at = 0
        for index in series.indices {
            let (slot, count) = (series[index].samples.lowerBound, series[index].samples.count)
            next[slot] = at
            series[index].samples = at..<at + count
            at += count
        }
    }

    private mutating func place(_ chunk: HeadChunk, _ base: Int, _ next: inout [Int]) {
        let (times, values) = unsafe (columns.times, columns.values)
        let starts = unsafe columns.hasStarts ? columns.starts : nil
        unsafe next.withUnsafeMutableBufferPointer { next in
            for place in 0..<chunk.count {
                let slot = base &+ Int(unsafe chunk.slots[place])
                let at = unsafe next[slot]
                unsafe next[slot] = at &+ 1
                unsafe times[at] = chunk.times[place]
                unsafe values[at] = chunk.values[place]
                if let starts = unsafe starts { unsafe starts[at] = chunk.starts.map { unsafe $0[place] } ?? 0 }
            }
        }
    }
}

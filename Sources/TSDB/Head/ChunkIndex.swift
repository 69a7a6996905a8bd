import Posix

/// Where the samples of each slot are among the first of a chunk. Made by a reader, and shared by those who come after.
@safe
final class ChunkIndex: @unchecked Sendable {  // nothing of it changes once it is made
    /// How many samples of the chunk are in it.
    let count: Int
    /// Of a slot's low bits, which spread evenly: slots are dense numbers. Four samples or fewer share a bucket.
    private let mask: UInt32
    private let tagShift: UInt32
    private let chunkSlots: UnsafeMutablePointer<UInt32>
    /// Where each bucket begins in `places`, and where the last one ends.
    private let starts: UnsafeMutablePointer<UInt32>
    /// By bucket, in order of arrival: the place of a sample in the chunk in the low half, in the high one sixteen bits of
    /// its slot, so that the others of the bucket are passed over without a look at the chunk.
    private let places: UnsafeMutablePointer<UInt32>

    /// - Parameter slots: those of the chunk, which lives at least as long.
    init(slots: UnsafeMutablePointer<UInt32>, count: Int) {
        self.count = count
        let buckets = max(16, 1 << (Int.bitWidth - max(0, count - 1).leadingZeroBitCount - 2))
        mask = UInt32(buckets - 1)
        tagShift = UInt32(mask.nonzeroBitCount)
        unsafe chunkSlots = slots
        unsafe starts = .allocate(capacity: buckets + 1)
        unsafe places = .allocate(capacity: max(1, count))
        unsafe starts.initialize(repeating: 0, count: buckets + 1)
        for place in 0..<count { unsafe starts[bucket(of: slots[place])] += 1 }
        var end: UInt32 = 0
        for number in 0...buckets {
            end &+= unsafe starts[number]
            unsafe starts[number] = end
        }
        // From behind: each bucket's end moves down to its start.
        for place in stride(from: count - 1, through: 0, by: -1) {
            let number = unsafe bucket(of: slots[place])
            let at = unsafe starts[number] &- 1
            unsafe starts[number] = at
            unsafe places[Int(at)] = tag(of: slots[place]) | UInt32(place)
        }
    }

    deinit {
        unsafe starts.deallocate()
        unsafe places.deallocate()
    }

    @inline(__always)
    private func bucket(of slot: UInt32) -> Int { Int(slot & mask) }

    /// The bits above those of the bucket, where they are in an entry of `places`.
    @inline(__always)
    private func tag(of slot: UInt32) -> UInt32 { (slot &>> tagShift) &<< 16 }

    /// Calls `body` with the place of each sample of a slot, in order of arrival.
    @inline(__always)
    func forEach(_ slot: UInt32, _ body: (Int) -> Void) {
        let number = bucket(of: slot)
        let tag = tag(of: slot)
        var at = Int(unsafe starts[number])
        let end = Int(unsafe starts[number + 1])
        while at < end {
            let entry = unsafe places[at]
            let place = Int(entry & 0xffff)
            if unsafe entry & 0xffff_0000 == tag && chunkSlots[place] == slot { body(place) }
            at &+= 1
        }
    }
}

extension PinnedChunk {
    /// Samples behind an index that a reader walks over instead of making it anew.
    private static let tailMax = 4096

    /// An index of all but the last samples that are pinned; it may know of some behind the pin.
    func index() -> ChunkIndex {
        chunk.index.withLock { index in
            if let index, count - index.count <= Self.tailMax { return index }
            let made = unsafe ChunkIndex(slots: chunk.slots, count: count)
            index = made
            return made
        }
    }
}

/// Slots that are looked for among many that are not.
struct SlotFilter {
    private static let bits = 4096

    private let places: [UInt32: Int]
    private var words = [UInt64](repeating: 0, count: bits / 64)

    init(_ slots: [(slot: UInt32, place: Int)]) {
        places = Dictionary(slots.map { ($0.slot, $0.place) }, uniquingKeysWith: { first, _ in first })
        for (slot, _) in slots {
            let bit = Int(slot) & (Self.bits - 1)
            words[bit / 64] |= 1 << UInt64(bit % 64)
        }
    }

    /// The place that goes with a slot.
    @inline(__always)
    func place(of slot: UInt32) -> Int? {
        let bit = Int(slot) & (Self.bits - 1)
        guard words[bit / 64] & 1 << UInt64(bit % 64) != 0 else { return nil }
        return places[slot]
    }
}

import Posix

/// Samples of many series in columns, in order of arrival. Written by its shard under the shard's lock; whoever pinned it
/// with a count reads what lies below that count without a lock, for nothing below it changes any more.
@safe
final class HeadChunk: @unchecked Sendable {  // see above: writers append behind every pinned count
    static let capacity = 1 << 16

    let shard: Int
    let slots: UnsafeMutablePointer<UInt32>
    let times: UnsafeMutablePointer<Int64>
    let values: UnsafeMutablePointer<Double>
    /// Start timestamps; made with the first sample that has one.
    private(set) var starts: UnsafeMutablePointer<Int64>?
    fileprivate(set) var count = 0
    fileprivate(set) var minMs = Int64.max
    fileprivate(set) var maxMs = Int64.min
    /// Made by the first reader who looks for a few series.
    let index = Lock<ChunkIndex?>(nil)

    init(shard: Int) {
        self.shard = shard
        unsafe slots = .allocate(capacity: Self.capacity)
        unsafe times = .allocate(capacity: Self.capacity)
        unsafe values = .allocate(capacity: Self.capacity)
    }

    deinit {
        unsafe slots.deallocate()
        unsafe times.deallocate()
        unsafe values.deallocate()
        unsafe starts?.deallocate()
    }

    /// Whether some of its samples may lie in a range. Under the shard's lock, or when it does not grow any more.
    func mayHold(_ range: ClosedRange<Int64>) -> Bool { minMs <= range.upperBound && maxMs >= range.lowerBound }

    func makeStarts() {
        if unsafe starts != nil { return }
        let column = UnsafeMutablePointer<Int64>.allocate(capacity: Self.capacity)
        unsafe column.initialize(repeating: 0, count: Self.capacity)
        unsafe starts = column
    }

    /// Appends what fits of the staged samples from `from` on, and returns how many that was.
    func append(_ staged: borrowing StagedSamples, from: Int) -> Int {
        let taken = min(staged.count - from, Self.capacity - count)
        unsafe (slots + count).update(from: staged.slots + from, count: taken)
        unsafe (times + count).update(from: staged.times + from, count: taken)
        unsafe (values + count).update(from: staged.values + from, count: taken)
        if staged.hasStarts {
            makeStarts()
            unsafe (starts! + count).update(from: staged.starts + from, count: taken)
        }
        for place in from..<from + taken {
            let time = unsafe staged.times[place]
            minMs = min(minMs, time)
            maxMs = max(maxMs, time)
        }
        count += taken
        return taken
    }
}

/// A chunk as a reader found it.
struct PinnedChunk {
    let chunk: HeadChunk
    let count: Int
    /// Where start timestamps are; they can appear after the pin only for samples behind it.
    let hasStarts: Bool

    init(_ chunk: HeadChunk) {
        self.chunk = chunk
        count = chunk.count
        hasStarts = unsafe chunk.starts != nil
    }
}

/// Accepted samples of a batch on their way into log and chunks; working memory of a shard, used again.
@safe
struct StagedSamples: ~Copyable {
    private(set) var slots: UnsafeMutablePointer<UInt32>
    private(set) var times: UnsafeMutablePointer<Int64>
    private(set) var values: UnsafeMutablePointer<Double>
    private(set) var starts: UnsafeMutablePointer<Int64>
    var count = 0
    var hasStarts = false
    private var capacity = 0

    init() {
        unsafe slots = .allocate(capacity: 1)
        unsafe times = .allocate(capacity: 1)
        unsafe values = .allocate(capacity: 1)
        unsafe starts = .allocate(capacity: 1)
    }

    deinit { free() }

    private func free() {
        unsafe slots.deallocate()
        unsafe times.deallocate()
        unsafe values.deallocate()
        unsafe starts.deallocate()
    }

    /// Empties it and makes room for `count` samples.
    mutating func prepare(_ count: Int, hasStarts: Bool) {
        self.count = 0
        self.hasStarts = hasStarts
        guard count > capacity else { return }
        free()
        capacity = count + count / 2
        unsafe slots = .allocate(capacity: capacity)
        unsafe times = .allocate(capacity: capacity)
        unsafe values = .allocate(capacity: capacity)
        unsafe starts = .allocate(capacity: capacity)
    }

    @inline(__always)
    mutating func append(_ slot: UInt32, _ timeMs: Int64, _ value: Double, startMs: Int64) {
        unsafe slots[count] = slot
        unsafe times[count] = timeMs
        unsafe values[count] = value
        if hasStarts { unsafe starts[count] = startMs }
        count &+= 1
    }
}

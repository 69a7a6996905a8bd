import Model

/// Timestamps and values side by side in memory of their own, which grows and is used again.
@safe
struct FloatColumns: ~Copyable {
    private(set) var times: UnsafeMutablePointer<Int64>
    private(set) var values: UnsafeMutablePointer<Double>
    /// Only valid where `hasStarts`.
    private(set) var starts: UnsafeMutablePointer<Int64>
    private(set) var count = 0
    private(set) var hasStarts = false
    private var capacity = IntegerCodec.countMax

    init() {
        unsafe times = .allocate(capacity: capacity)
        unsafe values = .allocate(capacity: capacity)
        unsafe starts = .allocate(capacity: capacity)
    }

    deinit {
        unsafe times.deallocate()
        unsafe values.deallocate()
        unsafe starts.deallocate()
    }

    mutating func removeAll() {
        count = 0
        hasStarts = false
    }

    /// Makes room for `count` more samples, which the caller fills.
    mutating func append(count added: Int) {
        if count + added > capacity { grow(to: max(capacity * 2, count + added)) }
        count += added
    }

    /// From now on there are start timestamps; those of earlier samples are unknown, which is zero.
    mutating func beginStarts() -> UnsafeMutablePointer<Int64> {
        if !hasStarts {
            unsafe starts.update(repeating: 0, count: count)
            hasStarts = true
        }
        return unsafe starts
    }

    mutating func append(_ timestampMs: Int64, _ value: Double, startMs: Int64 = 0) {
        append(count: 1)
        unsafe times[count - 1] = timestampMs
        unsafe values[count - 1] = value
        if startMs != 0 {
            unsafe beginStarts()[count - 1] = startMs
        } else if hasStarts {
            unsafe starts[count - 1] = 0
        }
    }

    /// Appends those of the other's samples that lie in a window.
    mutating func append(_ other: borrowing FloatColumns, _ places: Range<Int>, within window: TimeWindow) {
        for place in places where window.contains(unsafe other.times[place]) {
            unsafe append(other.times[place], other.values[place], startMs: other.hasStarts ? other.starts[place] : 0)
        }
    }

    mutating func truncate(to newCount: Int) { count = newCount }

    /// Keeps only the samples of these places.
    mutating func keep(_ range: Range<Int>) {
        if range.lowerBound > 0 {
            unsafe times.update(from: times + range.lowerBound, count: range.count)
            unsafe values.update(from: values + range.lowerBound, count: range.count)
            if hasStarts { unsafe starts.update(from: starts + range.lowerBound, count: range.count) }
        }
        count = range.count
    }

    /// The places of samples within a range of time; the samples are sorted.
    func places(in range: ClosedRange<Int64>) -> Range<Int> {
        unsafe UnsafeBufferPointer(start: times, count: count).places(in: range)
    }

    private mutating func grow(to newCapacity: Int) {
        unsafe times = Self.moved(times, count, newCapacity)
        unsafe values = Self.moved(values, count, newCapacity)
        unsafe starts = hasStarts ? Self.moved(starts, count, newCapacity) : Self.moved(starts, 0, newCapacity)
        capacity = newCapacity
    }

    private static func moved<T>(
        _ old: UnsafeMutablePointer<T>, _ count: Int, _ capacity: Int
    ) -> UnsafeMutablePointer<T> {
        let new = UnsafeMutablePointer<T>.allocate(capacity: capacity)
        unsafe new.moveInitialize(from: old, count: count)
        unsafe old.deallocate()
        return unsafe new
    }
}

extension FloatColumns {
    /// Removes, from a place on, the samples within a range of time.
    mutating func remove(from first: Int, in range: ClosedRange<Int64>) {
        filter(from: first) { !range.contains($0) }
    }

    /// A histogram at the same timestamp takes the place of a float.
    mutating func removeTimes(of histograms: [SampleBatch.Histogram]) {
        guard count > 0, !histograms.isEmpty else { return }
        let taken = Set(histograms.map(\.timestampMs))
        filter(from: 0) { !taken.contains($0) }
    }

    private mutating func filter(from first: Int, _ isKept: (Int64) -> Bool) {
        var kept = first
        for place in first..<max(first, count) where isKept(unsafe times[place]) {
            unsafe times[kept] = times[place]
            unsafe values[kept] = values[place]
            if hasStarts { unsafe starts[kept] = starts[place] }
            kept += 1
        }
        truncate(to: kept)
    }

    var sortedTimes: Bool {
        for place in 1..<max(1, count) where unsafe times[place - 1] >= times[place] { return false }
        return true
    }

    /// Sorts by time; of samples with equal timestamps the one appended last stays.
    mutating func sortKeepingLast() {
        if sortedTimes { return }
        let order = (0..<count).sorted { a, b in
            unsafe times[a] != times[b] ? times[a] < times[b] : a < b
        }
        var sorted = FloatColumns()
        for (index, place) in order.enumerated() {
            if index + 1 < count, unsafe times[order[index + 1]] == times[place] { continue }
            unsafe sorted.append(times[place], values[place], startMs: hasStarts ? starts[place] : 0)
        }
        if hasStarts { _ = unsafe sorted.beginStarts() }
        self = sorted
    }
}

import Encoding

/// A sorted set of ordinals as runs of neighbours. Series of one target get neighbouring ordinals, so the sets of most
/// labels are a few runs however many series they hold.
package struct PostingSet: Sendable, Equatable {
    package struct Run: Sendable, Equatable {
        package var first: UInt32
        /// Behind the last.
        package var end: UInt32
    }

    /// Ascending, with gaps between them.
    package private(set) var runs: [Run] = []

    package init() {}

    package init(all count: Int) {
        if count > 0 { runs = [Run(first: 0, end: UInt32(count))] }
    }

    package var isEmpty: Bool { runs.isEmpty }

    package var count: Int { runs.reduce(0) { $0 + Int($1.end - $1.first) } }

    /// How many of them are not below `first`.
    func count(from first: UInt32) -> Int {
        runs.reduce(0) { $0 + ($1.end > first ? Int($1.end - max($1.first, first)) : 0) }
    }

    /// Adds an ordinal that is above all others.
    package mutating func append(_ ordinal: UInt32) {
        if let last = runs.last, last.end == ordinal {
            runs[runs.count - 1].end = ordinal + 1
        } else {
            runs.append(Run(first: ordinal, end: ordinal + 1))
        }
    }

    /// Adds a run that begins at or above the end of all others.
    mutating func append(_ run: Run) {
        if let last = runs.last, last.end >= run.first {
            runs[runs.count - 1].end = max(last.end, run.end)
        } else if run.first < run.end {
            runs.append(run)
        }
    }

    package func forEach<Failure: Error>(_ body: (UInt32) throws(Failure) -> Void) throws(Failure) {
        for run in runs {
            for ordinal in run.first..<run.end { try body(ordinal) }
        }
    }

    package func contains(where condition: (UInt32) -> Bool) -> Bool {
        runs.contains { run in (run.first..<run.end).contains(where: condition) }
    }

    package func intersection(_ other: PostingSet) -> PostingSet {
        var result = PostingSet()
        var (left, right) = (0, 0)
        while left < runs.count && right < other.runs.count {
            let (a, b) = (runs[left], other.runs[right])
            let first = max(a.first, b.first)
            let end = min(a.end, b.end)
            if first < end { result.append(Run(first: first, end: end)) }
            if a.end <= b.end { left += 1 } else { right += 1 }
        }
        return result
    }

    package func subtracting(_ other: PostingSet) -> PostingSet {
        var result = PostingSet()
        var right = 0
        for run in runs {
            var first = run.first
            while right < other.runs.count && other.runs[right].end <= first { right += 1 }
            var at = right
            while at < other.runs.count && other.runs[at].first < run.end {
                let cut = other.runs[at]
                if cut.first > first { result.append(Run(first: first, end: cut.first)) }
                first = max(first, cut.end)
                at += 1
            }
            if first < run.end { result.append(Run(first: first, end: run.end)) }
        }
        return result
    }

    /// The union of any number of sets.
    package static func union(_ sets: [PostingSet]) -> PostingSet {
        if sets.count == 1 { return sets[0] }
        var all: [Run] = []
        all.reserveCapacity(sets.reduce(0) { $0 + $1.runs.count })
        for set in sets { all.append(contentsOf: set.runs) }
        all.sort { $0.first < $1.first }
        var result = PostingSet()
        for run in all { result.append(run) }
        return result
    }
}

/// On disk: for each run a varint of the gap before it, doubled, plus one where the run is longer than one, and then a
/// varint of its length less two.
extension PostingSet {
    static func encode(_ ordinals: Span<UInt32>, appendingTo bytes: inout [UInt8]) {
        var end: UInt32 = 0
        var index = 0
        while index < ordinals.count {
            let first = ordinals[index]
            var next = index + 1
            while next < ordinals.count && ordinals[next] == ordinals[next - 1] + 1 { next += 1 }
            let length = next - index
            bytes.appendVarint(UInt64(first - end) << 1 | (length > 1 ? 1 : 0))
            if length > 1 { bytes.appendVarint(UInt64(length - 2)) }
            end = first + UInt32(length)
            index = next
        }
    }

    /// How many ordinals the runs up to the end of the reader hold.
    static func decodeCount(_ reader: inout ByteReader) throws(DecodeError) -> Int {
        var count = 0
        while !reader.isAtEnd {
            count &+= try reader.readVarint() & 1 == 0 ? 1 : Int(truncatingIfNeeded: try reader.readVarint()) &+ 2
        }
        return count
    }

    /// The first ordinal; nil where there is none below `limit`.
    static func decodeFirst(_ reader: inout ByteReader, limit: Int) throws(DecodeError) -> UInt32? {
        if reader.isAtEnd { return nil }
        let first = try reader.readVarint() >> 1
        return first < UInt64(limit) ? UInt32(first) : nil
    }

    /// Decodes runs up to the end of the reader; nil where they leave `0..<limit`.
    static func decode(_ reader: inout ByteReader, limit: Int) throws(DecodeError) -> PostingSet? {
        var set = PostingSet()
        var end: UInt64 = 0
        while !reader.isAtEnd {
            let head = try reader.readVarint()
            let length = head & 1 == 0 ? 1 : try reader.readVarint() &+ 2
            let first = end &+ head >> 1
            guard first < UInt64(limit), length > 0, length <= UInt64(limit) - first else { return nil }
            end = first + length
            set.append(Run(first: UInt32(first), end: UInt32(end)))
        }
        return set
    }
}

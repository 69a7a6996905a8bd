import Encoding

/// Making segments from the index in memory and from older segments.
extension LabelSegment {
    package static func bytes(of index: MemoryLabelIndex) -> [UInt8] {
        var writer = LabelSegmentWriter()
        index.write(to: &writer)
        return writer.finish()
    }

    /// The most series that one segment should hold.
    package static let seriesMax = LabelSegmentFormat.seriesMax

    /// One segment that holds the series of all `segments` whose ids are `kept`.
    ///
    /// - Parameter segments: ordered by id, without a series in common.
    package static func bytes(
        merging segments: [LabelSegment], keeping isKept: (UInt64) -> Bool = { _ in true }
    ) throws(LabelIndexError) -> [UInt8] {
        var writer = LabelSegmentWriter()
        var used: [[Bool]] = []
        for segment in segments {
            var marks = [Bool](repeating: false, count: segment.pairCount)
            for ordinal in 0..<segment.count where isKept(segment.id(ordinal)) {
                try segment.forEachPair(ofSeries: ordinal) { marks[$0] = true }
            }
            used.append(marks)
        }
        let numbers = mergePairs(segments, used, into: &writer)
        var order: [(id: UInt64, segment: Int, ordinal: Int)] = []
        for (index, segment) in segments.enumerated() {
            for ordinal in 0..<segment.count where isKept(segment.id(ordinal)) {
                order.append((segment.id(ordinal), index, ordinal))
            }
        }
        if zip(order, order.dropFirst()).contains(where: { $0.id > $1.id }) { order.sort { $0.id < $1.id } }
        let hashes = segments.map { $0.hashesByOrdinal() }
        for entry in order {
            writer.beginSeries(id: entry.id, hash: hashes[entry.segment][entry.ordinal])
            try segments[entry.segment].forEachPair(ofSeries: entry.ordinal) {
                writer.addPair(numbers[entry.segment][$0])
            }
        }
        return writer.finish()
    }

    /// Merges the sorted dictionaries and returns the new number of each used pair of each segment.
    private static func mergePairs(
        _ segments: [LabelSegment], _ used: [[Bool]], into writer: inout LabelSegmentWriter
    ) -> [[UInt32]] {
        var cursors = segments.indices.map { PairCursor(segments[$0], used[$0]) }
        var numbers = segments.map { [UInt32](repeating: 0, count: $0.pairCount) }
        while let first = leastCursor(segments, cursors) {
            let (source, least) = (segments[first], cursors[first])
            let number = writer.addPair(source.name(least.name), source.value(least.pair))
            for index in segments.indices where !cursors[index].isAtEnd {
                let other = cursors[index]
                guard index == first || order(segments[index], other, source, least) == 0 else { continue }
                numbers[index][other.pair] = number
                cursors[index].advance(segments[index], used[index])
            }
        }
        return numbers
    }

    private static func leastCursor(_ segments: [LabelSegment], _ cursors: [PairCursor]) -> Int? {
        var least: Int?
        for index in segments.indices where !cursors[index].isAtEnd {
            guard let current = least else {
                least = index
                continue
            }
            if order(segments[index], cursors[index], segments[current], cursors[current]) < 0 { least = index }
        }
        return least
    }

    private static func order(_ a: LabelSegment, _ at: PairCursor, _ b: LabelSegment, _ other: PairCursor) -> Int {
        let byName = ByteOrder.compare(a.name(at.name), b.name(other.name))
        return byName != 0 ? byName : ByteOrder.compare(a.value(at.pair), b.value(other.pair))
    }

    /// A place among the used pairs of a segment.
    private struct PairCursor {
        var name = 0
        var pair = -1
        var isAtEnd = false

        init(_ segment: LabelSegment, _ used: [Bool]) { advance(segment, used) }

        mutating func advance(_ segment: LabelSegment, _ used: [Bool]) {
            repeat { pair += 1 } while pair < used.count && !used[pair]
            isAtEnd = pair >= used.count
            while !isAtEnd && pair >= segment.pairs(ofName: name).upperBound { name += 1 }
        }
    }
}

import Model

/// Tells which counter histograms go on from the one before them, so that an engine need not compare them bucket by bucket.
/// Of all others nothing is said; that a sender reset a counter, or sends a gauge, is kept as it was said.
enum CounterResets {
    static func hint(_ histograms: inout [SampleBatch.Histogram]) {
        for index in histograms.indices.reversed() {
            let hint = histograms[index].value.counterResetHint
            guard hint == .unknown || hint == .notReset else { continue }
            let goesOn = index > 0 && histograms[index].value.goesOn(from: histograms[index - 1].value)
            histograms[index].value.counterResetHint = goesOn ? .notReset : .unknown
        }
    }
}

extension NativeHistogram {
    /// Whether no count has become less since `previous`, which has the same layout of buckets. False where that cannot be
    /// told bucket by bucket.
    fileprivate func goesOn(from previous: NativeHistogram) -> Bool {
        guard
            previous.counterResetHint != .gauge, schema == previous.schema, zeroThreshold == previous.zeroThreshold,
            customBounds == previous.customBounds, !StaleMarker.isStale(sum), !StaleMarker.isStale(previous.sum)
        else { return false }
        switch (counts, previous.counts) {
        case (.integer(let count, let zero, let ups, let downs), .integer(let count0, let zero0, let ups0, let downs0)):
            return count >= count0 && zero >= zero0
                && Self.holds(ups, positiveSpans, allOf: ups0, previous.positiveSpans)
                && Self.holds(downs, negativeSpans, allOf: downs0, previous.negativeSpans)
        case (.float(let count, let zero, let ups, let downs), .float(let count0, let zero0, let ups0, let downs0)):
            return count >= count0 && zero >= zero0
                && Self.holds(ups, positiveSpans, allOf: ups0, previous.positiveSpans)
                && Self.holds(downs, negativeSpans, allOf: downs0, previous.negativeSpans)
        default: return false
        }
    }

    /// Whether each bucket holds at least what it held.
    private static func holds<Number: Numeric & Comparable>(
        _ buckets: [Number], _ spans: [Span], allOf earlier: [Number], _ earlierSpans: [Span]
    ) -> Bool {
        if spans == earlierSpans { return zip(buckets, earlier).allSatisfy { $0 >= $1 } }
        var now = BucketWalk(spans)
        var before = BucketWalk(earlierSpans)
        var place = now.next()
        while let wanted = before.next() {
            if earlier[wanted.place] == 0 { continue }
            while let found = place, found.index < wanted.index { place = now.next() }
            guard let found = place, found.index == wanted.index, buckets[found.place] >= earlier[wanted.place] else {
                return false
            }
        }
        return true
    }
}

/// The indices of buckets in the order of their counts.
private struct BucketWalk {
    private let spans: [NativeHistogram.Span]
    private var span = 0
    private var within: UInt32 = 0
    private var index: Int64 = 0
    private var place = 0

    init(_ spans: [NativeHistogram.Span]) {
        self.spans = spans
        index = spans.first.map { Int64($0.offset) } ?? 0
    }

    mutating func next() -> (index: Int64, place: Int)? {
        while span < spans.count, within == spans[span].length {
            span += 1
            within = 0
            if span < spans.count { index += Int64(spans[span].offset) }
        }
        guard span < spans.count else { return nil }
        defer {
            within += 1
            index += 1
            place += 1
        }
        return (index, place)
    }
}

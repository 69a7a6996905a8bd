import Glibc

/// Coarser buckets, made by adding neighbours.
extension NativeHistogram {
    private static let schemaMin: Int32 = -4
    private static let schemaMax: Int32 = 8

    /// The finest schema whose buckets grow by at least this factor; the finest of all for a factor up to 1.
    package static func schema(minFactor: Double) -> Int32 {
        guard minFactor > 1 else { return schemaMax }
        let level = log2(log2(minFactor)).rounded(.down)
        return Int32(min(max(-level, Double(schemaMin)), Double(schemaMax)))
    }

    package var bucketCount: Int { (positiveSpans + negativeSpans).reduce(0) { $0 + Int($1.length) } }

    /// With buckets of this schema, or as it is where they are not finer.
    package func coarsened(to schema: Int32) -> NativeHistogram {
        guard self.schema != Self.customBoundsSchema, self.schema > schema else { return self }
        var coarse = self
        coarse.schema = schema
        let levels = self.schema - schema
        switch counts {
        case .integer(let count, let zero, let positive, let negative):
            let above = Self.merged(positiveSpans, positive, levels, +)
            let below = Self.merged(negativeSpans, negative, levels, +)
            (coarse.positiveSpans, coarse.negativeSpans) = (above.spans, below.spans)
            coarse.counts = .integer(count: count, zero: zero, positive: above.counts, negative: below.counts)
        case .float(let count, let zero, let positive, let negative):
            let above = Self.merged(positiveSpans, positive, levels, +)
            let below = Self.merged(negativeSpans, negative, levels, +)
            (coarse.positiveSpans, coarse.negativeSpans) = (above.spans, below.spans)
            coarse.counts = .float(count: count, zero: zero, positive: above.counts, negative: below.counts)
        }
        return coarse
    }

    /// As coarse as it takes to have at most so many buckets; nil where nothing is coarse enough.
    package func coarsened(toBuckets bucketsMax: Int) -> NativeHistogram? {
        var coarse = self
        while coarse.bucketCount > bucketsMax {
            guard coarse.schema != Self.customBoundsSchema, coarse.schema > Self.schemaMin else { return nil }
            coarse = coarse.coarsened(to: coarse.schema - 1)
        }
        return coarse
    }

    private static func merged<Count>(
        _ spans: [Span], _ counts: [Count], _ levels: Int32, _ add: (Count, Count) -> Count
    ) -> (spans: [Span], counts: [Count]) {
        var merged: (spans: [Span], counts: [Count]) = ([], [])
        var index: Int32 = 0
        var last: Int32?
        var place = 0
        for span in spans {
            index += span.offset
            for _ in 0..<span.length {
                let target = ((index - 1) >> levels) + 1
                if last == target {
                    merged.counts[merged.counts.count - 1] = add(merged.counts[merged.counts.count - 1], counts[place])
                } else {
                    let offset = target - (last ?? -1) - 1
                    if last == nil {
                        merged.spans.append(Span(offset: target, length: 1))
                    } else if offset == 0 {
                        merged.spans[merged.spans.count - 1].length += 1
                    } else {
                        merged.spans.append(Span(offset: offset, length: 1))
                    }
                    merged.counts.append(counts[place])
                }
                last = target
                index += 1
                place += 1
            }
        }
        return merged
    }
}

import Model

/// A chunk with one native histogram in Prometheus' encodings. The first histogram of a chunk is written whole, so that
/// one alone needs no state; they are rare enough in remote reads.
enum HistogramChunk {
    /// `Chunk.Encoding` on the wire.
    static func encoding(_ histogram: NativeHistogram) -> UInt64 {
        if case .integer = histogram.counts { 2 } else { 3 }
    }

    static func bytes(_ timeMs: Int64, _ histogram: NativeHistogram) -> [UInt8] {
        // The number of histograms, and what is known of resets before the first.
        var writer = BitWriter(header: [0, 1, resets(histogram.counterResetHint)])
        layout(histogram, &writer)
        writer.varbit(timeMs)
        switch histogram.counts {
        case .integer(let count, let zero, let positive, let negative):
            writer.varbit(count)
            writer.varbit(zero)
            writer.bits(histogram.sum.bitPattern, 64)
            for counts in [positive, negative] {
                var before: UInt64 = 0
                for count in counts {
                    writer.varbit(Int64(bitPattern: count &- before))
                    before = count
                }
            }
        case .float(let count, let zero, let positive, let negative):
            for number in [count, zero, histogram.sum] + positive + negative { writer.bits(number.bitPattern, 64) }
        }
        return writer.bytes
    }

    private static func resets(_ hint: NativeHistogram.CounterResetHint) -> UInt8 {
        switch hint {
        case .unknown: 0
        case .reset: 0x80
        case .notReset: 0x40
        case .gauge: 0xc0
        }
    }

    private static func layout(_ histogram: NativeHistogram, _ writer: inout BitWriter) {
        if histogram.zeroThreshold == 0 {
            writer.bits(0, 8)
        } else {
            // 255 says that the threshold follows as it is.
            writer.bits(255, 8)
            writer.bits(histogram.zeroThreshold.bitPattern, 64)
        }
        writer.varbit(Int64(histogram.schema))
        for spans in [histogram.positiveSpans, histogram.negativeSpans] {
            writer.varbit(UInt64(spans.count))
            for span in spans {
                writer.varbit(UInt64(span.length))
                writer.varbit(Int64(span.offset))
            }
        }
        guard histogram.schema == NativeHistogram.customBoundsSchema else { return }
        writer.varbit(UInt64(histogram.customBounds.count))
        for bound in histogram.customBounds {
            // Zero says that the bound follows as it is.
            writer.bit(false)
            writer.bits(bound.bitPattern, 64)
        }
    }
}

import Encoding
import Model

extension ProtobufWriter {
    /// A histogram of remote_write: 1.0 and 2.0 have the same fields. Integer counts go out as differences between
    /// neighbours, counts that are fractions as they are.
    mutating func write(_ histogram: SampleBatch.Histogram) {
        let value = histogram.value
        switch value.counts {
        case .integer(let count, let zero, let positive, let negative):
            varint(1, count)
            writeShape(value)
            varint(6, zero)
            spans(8, value.negativeSpans)
            if !negative.isEmpty { packedZigZags(9, Self.deltas(negative).span) }
            spans(11, value.positiveSpans)
            if !positive.isEmpty { packedZigZags(12, Self.deltas(positive).span) }
        case .float(let count, let zero, let positive, let negative):
            double(2, count)
            writeShape(value)
            double(7, zero)
            spans(8, value.negativeSpans)
            if !negative.isEmpty { packedDoubles(10, negative.span) }
            spans(11, value.positiveSpans)
            if !positive.isEmpty { packedDoubles(13, positive.span) }
        }
        if value.counterResetHint != .unknown { varint(14, UInt64(value.counterResetHint.rawValue)) }
        int64(15, histogram.timestampMs)
        if !value.customBounds.isEmpty { packedDoubles(16, value.customBounds.span) }
        if histogram.startTimestampMs != 0 { int64(17, histogram.startTimestampMs) }
    }

    private mutating func writeShape(_ value: NativeHistogram) {
        double(3, value.sum)
        zigZag(4, Int64(value.schema))
        double(5, value.zeroThreshold)
    }

    private mutating func spans(_ number: UInt32, _ spans: [NativeHistogram.Span]) {
        for span in spans {
            message(number) {
                $0.zigZag(1, Int64(span.offset))
                $0.varint(2, UInt64(span.length))
            }
        }
    }

    private static func deltas(_ counts: [UInt64]) -> [Int64] {
        var before: UInt64 = 0
        return counts.map { count in
            defer { before = count }
            return Int64(bitPattern: count &- before)
        }
    }
}

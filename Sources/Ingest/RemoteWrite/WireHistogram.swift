import Encoding
import Model

/// A histogram of remote_write: 1.0 and 2.0 have the same fields.
struct WireHistogram {
    private var value = NativeHistogram(
        schema: 0, sum: 0, counts: .integer(count: 0, zero: 0, positive: [], negative: []))
    private var count: UInt64 = 0
    private var countFloat: Double?
    private var zero: UInt64 = 0
    private var zeroFloat = 0.0
    private var positiveDeltas: [Int64] = []
    private var negativeDeltas: [Int64] = []
    private var positiveCounts: [Double] = []
    private var negativeCounts: [Double] = []
    private var timestampMs: Int64 = 0
    private var startMs: Int64 = 0

    /// Nil where the counts of a bucket fall below zero.
    static func read(_ message: consuming ProtobufReader) throws(DecodeError) -> SampleBatch.Histogram? {
        var wire = WireHistogram()
        while let tag = try message.nextTag() { try wire.take(tag, &message) }
        return wire.histogram
    }

    private mutating func take(_ tag: ProtobufTag, _ message: inout ProtobufReader) throws(DecodeError) {
        switch tag {
        case .varint(1): count = try message.readVarint()
        case .fixed64(2): countFloat = try message.readDouble()
        case .fixed64(3): value.sum = try message.readDouble()
        case .varint(4): value.schema = Int32(truncatingIfNeeded: try message.readZigZag())
        case .fixed64(5): value.zeroThreshold = try message.readDouble()
        case .varint(6): zero = try message.readVarint()
        case .fixed64(7): zeroFloat = try message.readDouble()
        case .bytes(8): value.negativeSpans.append(try Self.span(message.readMessage()))
        case .bytes(9): try message.readPackedZigZags(appendingTo: &negativeDeltas)
        case .varint(9): negativeDeltas.append(try message.readZigZag())
        case .bytes(10): try message.readPackedDoubles(appendingTo: &negativeCounts)
        case .fixed64(10): negativeCounts.append(try message.readDouble())
        case .bytes(11): value.positiveSpans.append(try Self.span(message.readMessage()))
        case .bytes(12): try message.readPackedZigZags(appendingTo: &positiveDeltas)
        case .varint(12): positiveDeltas.append(try message.readZigZag())
        case .bytes(13): try message.readPackedDoubles(appendingTo: &positiveCounts)
        case .fixed64(13): positiveCounts.append(try message.readDouble())
        case .varint(14): value.counterResetHint = Self.hint(try message.readVarint())
        case .varint(15): timestampMs = Int64(bitPattern: try message.readVarint())
        case .bytes(16): try message.readPackedDoubles(appendingTo: &value.customBounds)
        case .fixed64(16): value.customBounds.append(try message.readDouble())
        case .varint(17): startMs = Int64(bitPattern: try message.readVarint())
        default: try message.skip(tag)
        }
    }

    private var histogram: SampleBatch.Histogram? {
        var value = value
        if let countFloat {
            value.counts = .float(
                count: countFloat, zero: zeroFloat, positive: positiveCounts, negative: negativeCounts)
        } else {
            guard let positive = Self.counts(positiveDeltas), let negative = Self.counts(negativeDeltas) else {
                return nil
            }
            value.counts = .integer(count: count, zero: zero, positive: positive, negative: negative)
        }
        return SampleBatch.Histogram(timestampMs: timestampMs, startTimestampMs: startMs, value: value)
    }

    private static func counts(_ deltas: [Int64]) -> [UInt64]? {
        var counts: [UInt64] = []
        var count: Int64 = 0
        for delta in deltas {
            count = count &+ delta
            guard count >= 0 else { return nil }
            counts.append(UInt64(count))
        }
        return counts
    }

    private static func hint(_ raw: UInt64) -> NativeHistogram.CounterResetHint {
        switch raw {
        case 1: .reset
        case 2: .notReset
        case 3: .gauge
        default: .unknown
        }
    }

    private static func span(_ message: consuming ProtobufReader) throws(DecodeError) -> NativeHistogram.Span {
        var span = NativeHistogram.Span(offset: 0, length: 0)
        while let tag = try message.nextTag() {
            switch tag {
            case .varint(1): span.offset = Int32(truncatingIfNeeded: try message.readZigZag())
            case .varint(2): span.length = UInt32(truncatingIfNeeded: try message.readVarint())
            default: try message.skip(tag)
            }
        }
        return span
    }
}

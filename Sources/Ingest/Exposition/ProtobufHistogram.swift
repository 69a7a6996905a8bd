import Encoding
import Model

/// `io.prometheus.client.Histogram`: classic buckets, a native histogram, or both. Reused from one to the next.
struct ProtobufHistogram: Sendable {
    struct Bucket: Sendable {
        var bound = 0.0
        var count = 0.0
        var exemplar: ExpositionPage.Exemplar?
    }

    private(set) var sum = 0.0
    private(set) var startMs: Int64 = 0
    private(set) var buckets: [Bucket] = []
    private var count: UInt64 = 0
    private var countFloat = 0.0
    private var schema: Int32 = 0
    private var zeroThreshold = 0.0
    private var zeroCount: UInt64 = 0
    private var zeroCountFloat = 0.0
    private var positive = Side()
    private var negative = Side()
    private var exemplars: [ExpositionPage.Exemplar] = []

    /// The buckets above or below zero.
    private struct Side: Sendable {
        var spans: [NativeHistogram.Span] = []
        var deltas: [Int64] = []
        var counts: [Double] = []

        /// Counts of the buckets; nil where the spans say otherwise or one is below zero.
        var integers: [UInt64]? {
            var counts: [UInt64] = []
            var count: Int64 = 0
            for delta in deltas {
                count = count &+ delta
                guard count >= 0 else { return nil }
                counts.append(UInt64(count))
            }
            return counts.count == length ? counts : nil
        }

        var length: Int { spans.reduce(0) { $0 + Int($1.length) } }

        /// Spans of no buckets only move the next one on.
        var usedSpans: [NativeHistogram.Span] {
            var used: [NativeHistogram.Span] = []
            var skipped: Int32 = 0
            for span in spans {
                skipped = skipped &+ span.offset
                guard span.length > 0 else { continue }
                used.append(NativeHistogram.Span(offset: skipped, length: span.length))
                skipped = 0
            }
            return used
        }
    }

    var isNative: Bool {
        !positive.spans.isEmpty || !negative.spans.isEmpty || zeroThreshold > 0 || zeroCount > 0
    }

    private var isFloat: Bool { countFloat > 0 || zeroCountFloat > 0 }

    /// What makes the native histogram none; nil for a good one.
    var fault: String? {
        let isConsistent =
            isFloat
            ? positive.counts.count == positive.length && negative.counts.count == negative.length
            : positive.integers != nil && negative.integers != nil
        return isConsistent ? nil : "the spans of a native histogram do not fit its buckets"
    }

    var classicCount: Double { countFloat == 0 ? Double(count) : countFloat }

    /// Those of the buckets where it has none of its own; only exemplars with a time are taken.
    var nativeExemplars: [ExpositionPage.Exemplar] {
        let own = exemplars.isEmpty ? buckets.compactMap(\.exemplar) : exemplars
        return own.filter { $0.timestampMs != nil }
    }

    func native(isGauge: Bool) -> NativeHistogram {
        let counts: NativeHistogram.Counts =
            isFloat
            ? .float(
                count: countFloat, zero: zeroCountFloat, positive: positive.counts, negative: negative.counts)
            : .integer(
                count: count, zero: zeroCount, positive: positive.integers ?? [], negative: negative.integers ?? [])
        return NativeHistogram(
            schema: schema, counterResetHint: isGauge ? .gauge : .unknown, zeroThreshold: zeroThreshold, sum: sum,
            counts: counts, positiveSpans: positive.usedSpans, negativeSpans: negative.usedSpans)
    }

    mutating func read(_ message: consuming ProtobufReader) throws(DecodeError) {
        self = ProtobufHistogram()
        while let tag = try message.nextTag() {
            switch tag {
            case .varint(1): count = try message.readVarint()
            case .fixed64(2): sum = try message.readDouble()
            case .bytes(3): buckets.append(try Self.readBucket(message.readMessage()))
            case .fixed64(4): countFloat = try message.readDouble()
            case .varint(5): schema = Int32(truncatingIfNeeded: try message.readZigZag())
            case .fixed64(6): zeroThreshold = try message.readDouble()
            case .varint(7): zeroCount = try message.readVarint()
            case .fixed64(8): zeroCountFloat = try message.readDouble()
            case .bytes(15): startMs = try ProtobufExposition.readTimestampMs(message.readMessage())
            case .bytes(16):
                if let exemplar = try ProtobufExposition.readExemplar(message.readMessage()) {
                    exemplars.append(exemplar)
                }
            case .bytes(9): negative.spans.append(try Self.readSpan(message.readMessage()))
            case .bytes(10): try message.readPackedZigZags(appendingTo: &negative.deltas)
            case .varint(10): negative.deltas.append(try message.readZigZag())
            case .bytes(11): try message.readPackedDoubles(appendingTo: &negative.counts)
            case .fixed64(11): negative.counts.append(try message.readDouble())
            case .bytes(12): positive.spans.append(try Self.readSpan(message.readMessage()))
            case .bytes(13): try message.readPackedZigZags(appendingTo: &positive.deltas)
            case .varint(13): positive.deltas.append(try message.readZigZag())
            case .bytes(14): try message.readPackedDoubles(appendingTo: &positive.counts)
            case .fixed64(14): positive.counts.append(try message.readDouble())
            default: try message.skip(tag)
            }
        }
    }

    private static func readSpan(
        _ message: consuming ProtobufReader
    ) throws(DecodeError) -> NativeHistogram.Span {
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

    private static func readBucket(_ message: consuming ProtobufReader) throws(DecodeError) -> Bucket {
        var bucket = Bucket()
        while let tag = try message.nextTag() {
            switch tag {
            case .varint(1):
                if bucket.count == 0 { bucket.count = Double(try message.readVarint()) } else { try message.skip(tag) }
            case .fixed64(2): bucket.bound = try message.readDouble()
            case .bytes(3): bucket.exemplar = try ProtobufExposition.readExemplar(message.readMessage())
            case .fixed64(4):
                let count = try message.readDouble()
                if count != 0 { bucket.count = count }
            default: try message.skip(tag)
            }
        }
        return bucket
    }
}

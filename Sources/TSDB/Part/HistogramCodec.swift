import Encoding
import Model

/// Histograms of one series, one after the other. A histogram with the layout of the one before it (schema, spans,
/// bounds) says only that, and its integer counts are differences to the counts before.
enum HistogramCodec {
    /// The most histograms of one block.
    static let countMax = 128
    /// The most buckets or spans of one histogram that a reader takes.
    static let bucketsMax = 1 << 16

    private enum Flag {
        static let sameLayout: UInt8 = 1
        static let float: UInt8 = 2
        static let started: UInt8 = 4
        static let hintShift: UInt8 = 4
    }

    static func encode(_ histograms: ArraySlice<SampleBatch.Histogram>, appendingTo bytes: inout [UInt8]) {
        var previous: NativeHistogram?
        for histogram in histograms {
            encode(histogram, after: previous, appendingTo: &bytes)
            previous = histogram.value
        }
    }

    private static func encode(
        _ histogram: SampleBatch.Histogram, after previous: NativeHistogram?, appendingTo bytes: inout [UInt8]
    ) {
        let value = histogram.value
        let same = previous.map { hasLayout(value, of: $0) } ?? false
        var flags = value.counterResetHint.rawValue << Flag.hintShift
        if same { flags |= Flag.sameLayout }
        if case .float = value.counts { flags |= Flag.float }
        if histogram.startTimestampMs != 0 { flags |= Flag.started }
        bytes.append(flags)
        if histogram.startTimestampMs != 0 { bytes.appendZigZag(histogram.startTimestampMs) }
        bytes.appendLittleEndian(value.sum.bitPattern)
        if !same { encodeLayout(value, appendingTo: &bytes) }
        switch value.counts {
        case .integer(let count, let zero, let positive, let negative):
            var base: [UInt64] = []
            if same, case .integer(let count, let zero, let positive, let negative)? = previous?.counts {
                base = [count, zero] + positive + negative
            }
            for (index, number) in ([count, zero] + positive + negative).enumerated() {
                bytes.appendZigZag(Int64(bitPattern: number &- (index < base.count ? base[index] : 0)))
            }
        case .float(let count, let zero, let positive, let negative):
            for number in [count, zero] + positive + negative { bytes.appendLittleEndian(number.bitPattern) }
        }
    }

    /// Bit by bit: a stale marker's sum is no number and equals nothing, itself included.
    static func isSame(_ a: SampleBatch.Histogram, _ b: SampleBatch.Histogram) -> Bool {
        func bytes(_ histogram: SampleBatch.Histogram) -> [UInt8] {
            var bytes: [UInt8] = []
            encode([histogram], appendingTo: &bytes)
            return bytes
        }
        return a.timestampMs == b.timestampMs && bytes(a) == bytes(b)
    }

    private static func hasLayout(_ a: NativeHistogram, of b: NativeHistogram) -> Bool {
        guard
            a.schema == b.schema, a.zeroThreshold.bitPattern == b.zeroThreshold.bitPattern,
            a.positiveSpans == b.positiveSpans, a.negativeSpans == b.negativeSpans,
            a.customBounds.map(\.bitPattern) == b.customBounds.map(\.bitPattern)
        else { return false }
        switch (a.counts, b.counts) {
        case (.integer(_, _, let p, let n), .integer(_, _, let q, let m)):
            return p.count == q.count && n.count == m.count
        case (.float(_, _, let p, let n), .float(_, _, let q, let m)): return p.count == q.count && n.count == m.count
        default: return false
        }
    }

    private static func encodeLayout(_ value: NativeHistogram, appendingTo bytes: inout [UInt8]) {
        bytes.appendZigZag(Int64(value.schema))
        bytes.appendLittleEndian(value.zeroThreshold.bitPattern)
        for spans in [value.positiveSpans, value.negativeSpans] {
            bytes.appendVarint(UInt64(spans.count))
            for span in spans {
                bytes.appendZigZag(Int64(span.offset))
                bytes.appendVarint(UInt64(span.length))
            }
        }
        bytes.appendVarint(UInt64(value.customBounds.count))
        for bound in value.customBounds { bytes.appendLittleEndian(bound.bitPattern) }
        let (positive, negative) =
            switch value.counts {
            case .integer(_, _, let positive, let negative): (positive.count, negative.count)
            case .float(_, _, let positive, let negative): (positive.count, negative.count)
            }
        bytes.appendVarint(UInt64(positive))
        bytes.appendVarint(UInt64(negative))
    }

    /// Reads one histogram for each timestamp.
    static func decode(
        _ reader: inout ByteReader, times: UnsafeBufferPointer<Int64>,
        appendingTo histograms: inout [SampleBatch.Histogram]
    ) throws(CodecError) {
        let start = reader.offset
        do {
            var previous: NativeHistogram?
            for index in times.indices {
                let histogram = try decode(&reader, timestampMs: unsafe times[index], after: previous)
                previous = histogram.value
                histograms.append(histogram)
            }
        } catch {
            throw CodecError(error, at: start)
        }
    }

    private static func decode(
        _ reader: inout ByteReader, timestampMs: Int64, after previous: NativeHistogram?
    ) throws -> SampleBatch.Histogram {
        let at = reader.offset
        let flags = try reader.readByte()
        guard let hint = NativeHistogram.CounterResetHint(rawValue: flags >> Flag.hintShift) else {
            throw CodecError(.unknownForm(flags), at: at)
        }
        let startMs = flags & Flag.started != 0 ? try reader.readZigZag() : 0
        let sum = Double(bitPattern: try reader.readLittleEndian(UInt64.self))
        var value: NativeHistogram
        var buckets: (positive: Int, negative: Int)
        if flags & Flag.sameLayout != 0 {
            guard let previous else { throw CodecError(.unknownForm(flags), at: at) }
            value = previous
            buckets = previous.bucketCounts
        } else {
            (value, buckets) = try decodeLayout(&reader)
        }
        value.sum = sum
        value.counterResetHint = hint
        let isFloat = flags & Flag.float != 0
        if isFloat {
            func next() throws -> Double { Double(bitPattern: try reader.readLittleEndian(UInt64.self)) }
            value.counts = .float(
                count: try next(), zero: try next(), positive: try (0..<buckets.positive).map { _ in try next() },
                negative: try (0..<buckets.negative).map { _ in try next() })
        } else {
            var base: [UInt64] = []
            if flags & Flag.sameLayout != 0,
                case .integer(let count, let zero, let positive, let negative) = value.counts
            {
                base = [count, zero] + positive + negative
            }
            var numbers: [UInt64] = []
            for index in 0..<2 + buckets.positive + buckets.negative {
                let difference = UInt64(bitPattern: try reader.readZigZag())
                numbers.append((index < base.count ? base[index] : 0) &+ difference)
            }
            value.counts = .integer(
                count: numbers[0], zero: numbers[1], positive: Array(numbers[2..<2 + buckets.positive]),
                negative: Array(numbers[(2 + buckets.positive)...]))
        }
        return SampleBatch.Histogram(timestampMs: timestampMs, startTimestampMs: startMs, value: value)
    }

    private static func decodeLayout(_ reader: inout ByteReader) throws -> (NativeHistogram, (Int, Int)) {
        func size() throws -> Int {
            let count = try reader.readVarint()
            guard count <= UInt64(min(bucketsMax, reader.remaining)) else {
                throw CodecError(.count(Int(clamping: count)), at: reader.offset)
            }
            return Int(count)
        }
        func spans() throws -> [NativeHistogram.Span] {
            try (0..<size()).map { _ in
                NativeHistogram.Span(
                    offset: Int32(truncatingIfNeeded: try reader.readZigZag()),
                    length: UInt32(truncatingIfNeeded: try reader.readVarint()))
            }
        }
        let schema = Int32(truncatingIfNeeded: try reader.readZigZag())
        let threshold = Double(bitPattern: try reader.readLittleEndian(UInt64.self))
        let (positiveSpans, negativeSpans) = (try spans(), try spans())
        let bounds = try (0..<size()).map { _ in Double(bitPattern: try reader.readLittleEndian(UInt64.self)) }
        let buckets = (try size(), try size())
        let value = NativeHistogram(
            schema: schema, zeroThreshold: threshold, sum: 0,
            counts: .integer(count: 0, zero: 0, positive: [], negative: []), positiveSpans: positiveSpans,
            negativeSpans: negativeSpans, customBounds: bounds)
        return (value, buckets)
    }
}

extension NativeHistogram {
    fileprivate var bucketCounts: (positive: Int, negative: Int) {
        switch counts {
        case .integer(_, _, let positive, let negative): (positive.count, negative.count)
        case .float(_, _, let positive, let negative): (positive.count, negative.count)
        }
    }
}

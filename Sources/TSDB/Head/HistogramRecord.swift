import Encoding
import Model

/// Histograms of one append as a record: for each the series, the timestamp and the histogram by itself.
enum HistogramRecord {
    static func bytes(of histograms: [HeadHistogram], _ slots: borrowing SlotTable) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in histograms {
            bytes.appendVarint(unsafe slots[Int(entry.slot)].pointee.id)
            bytes.appendZigZag(entry.histogram.timestampMs)
            HistogramCodec.encode([entry.histogram], appendingTo: &bytes)
        }
        return bytes
    }

    static func read(
        _ payload: Span<UInt8>, _ body: (UInt64, SampleBatch.Histogram) -> Void
    ) throws {
        var reader = ByteReader(payload)
        var decoded: [SampleBatch.Histogram] = []
        while !reader.isAtEnd {
            let id = try reader.readVarint()
            let time = try reader.readZigZag()
            decoded.removeAll(keepingCapacity: true)
            try unsafe [time].withUnsafeBufferPointer {
                try unsafe HistogramCodec.decode(&reader, times: $0, appendingTo: &decoded)
            }
            for histogram in decoded { body(id, histogram) }
        }
    }
}

extension NativeHistogram {
    /// What makes it no histogram; nil for a good one.
    var fault: String? {
        let (positive, negative) =
            switch counts {
            case .integer(_, _, let positive, let negative): (positive.count, negative.count)
            case .float(_, _, let positive, let negative): (positive.count, negative.count)
            }
        if Self.buckets(positiveSpans) != positive { return "its positive spans do not hold \(positive) buckets" }
        if Self.buckets(negativeSpans) != negative { return "its negative spans do not hold \(negative) buckets" }
        let isCustom = schema == Self.customBoundsSchema
        guard isCustom || (-4...8).contains(schema) else { return "its schema \(schema) is unknown" }
        if isCustom && (!negativeSpans.isEmpty || zeroThreshold != 0) {
            return "with custom bounds it has negative buckets or a zero bucket"
        }
        if isCustom && zip(customBounds, customBounds.dropFirst()).contains(where: { !($0 < $1) }) {
            return "its custom bounds do not ascend"
        }
        if !isCustom && !customBounds.isEmpty { return "it has custom bounds with schema \(schema)" }
        if positiveSpans.dropFirst().contains(where: { $0.offset < 0 })
            || negativeSpans.dropFirst().contains(where: { $0.offset < 0 })
        {
            return "one of its spans goes back"
        }
        return nil
    }

    private static func buckets(_ spans: [Span]) -> Int { spans.reduce(0) { $0 + Int($1.length) } }
}

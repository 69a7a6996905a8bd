import Encoding
import Model
import Storage

/// Series as the messages of Prometheus' remote read.
enum ReadMessages {
    /// `TimeSeries`: all samples of a series.
    static func timeSeries(
        _ labels: [(name: String, value: String)], _ block: SeriesBlock, _ series: Int, _ writer: inout ProtobufWriter
    ) {
        write(labels, &writer)
        let floats = block.floats[series]
        for index in 0..<floats.count {
            writer.message(2) { sample in
                sample.double(1, block.values[floats.valueStart + index])
                sample.int64(2, block.timestampsMs[floats.timestampStart + index])
            }
        }
        for index in block.histogramOffsets[series]..<block.histogramOffsets[series + 1] {
            let histogram = block.histograms[index]
            writer.message(4) { write(histogram.value, histogram.timestampMs, &$0) }
        }
    }

    /// `Label` fields.
    static func write(_ labels: [(name: String, value: String)], _ writer: inout ProtobufWriter) {
        for label in labels {
            writer.message(1) { pair in
                pair.string(1, label.name)
                pair.string(2, label.value)
            }
        }
    }

    /// `Chunk`.
    static func chunk(
        _ bytes: [UInt8], _ encoding: UInt64, fromMs: Int64, toMs: Int64, _ writer: inout ProtobufWriter
    ) {
        writer.message(2) { chunk in
            chunk.int64(1, fromMs)
            chunk.int64(2, toMs)
            chunk.varint(3, encoding)
            chunk.bytes(4, bytes.span)
        }
    }

    /// `Histogram`.
    private static func write(_ histogram: NativeHistogram, _ timeMs: Int64, _ writer: inout ProtobufWriter) {
        switch histogram.counts {
        case .integer(let count, let zero, _, _):
            writer.varint(1, count)
            writer.varint(6, zero)
        case .float(let count, let zero, _, _):
            writer.double(2, count)
            writer.double(7, zero)
        }
        writer.double(3, histogram.sum)
        writer.zigZag(4, Int64(histogram.schema))
        writer.double(5, histogram.zeroThreshold)
        spans(8, histogram.negativeSpans, &writer)
        spans(11, histogram.positiveSpans, &writer)
        switch histogram.counts {
        case .integer(_, _, let positive, let negative):
            deltas(9, negative, &writer)
            deltas(12, positive, &writer)
        case .float(_, _, let positive, let negative):
            if !negative.isEmpty { writer.packedDoubles(10, negative.span) }
            if !positive.isEmpty { writer.packedDoubles(13, positive.span) }
        }
        writer.varint(14, UInt64(histogram.counterResetHint.rawValue))
        writer.int64(15, timeMs)
        if !histogram.customBounds.isEmpty { writer.packedDoubles(16, histogram.customBounds.span) }
    }

    private static func spans(_ number: UInt32, _ spans: [NativeHistogram.Span], _ writer: inout ProtobufWriter) {
        for span in spans {
            writer.message(number) { message in
                message.zigZag(1, Int64(span.offset))
                message.varint(2, UInt64(span.length))
            }
        }
    }

    /// Counts of buckets, each as its difference to the one before.
    private static func deltas(_ number: UInt32, _ counts: [UInt64], _ writer: inout ProtobufWriter) {
        guard !counts.isEmpty else { return }
        var before: UInt64 = 0
        let deltas = counts.map { count -> Int64 in
            defer { before = count }
            return Int64(bitPattern: count &- before)
        }
        writer.packedZigZags(number, deltas.span)
    }
}

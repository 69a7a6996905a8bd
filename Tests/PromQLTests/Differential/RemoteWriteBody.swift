import Encoding
import Model

/// Samples as the body of a remote_write 1.0 request, for a peer that takes it.
enum RemoteWriteBody {
    struct Series {
        var labels: Labels
        var floats: [(timestampMs: Int64, value: Double)] = []
        var histograms: [(timestampMs: Int64, value: NativeHistogram)] = []
    }

    static func make(_ all: [Series]) throws -> [UInt8] {
        var request = ProtobufWriter()
        for series in all {
            request.message(1) { timeSeries in
                for label in series.labels.pairs {
                    timeSeries.message(1) { pair in
                        pair.string(1, label.name)
                        pair.string(2, label.value)
                    }
                }
                for sample in series.floats {
                    timeSeries.message(2) { message in
                        message.double(1, sample.value)
                        message.int64(2, sample.timestampMs)
                    }
                }
                for sample in series.histograms {
                    timeSeries.message(4) { write(sample.value, sample.timestampMs, to: &$0) }
                }
            }
        }
        var body: [UInt8] = []
        try Snappy.compress(request.bytes.span, appendingTo: &body)
        return body
    }

    /// Of integers and without negative buckets, which is what the tests write.
    private static func write(_ histogram: NativeHistogram, _ timestampMs: Int64, to message: inout ProtobufWriter) {
        guard case .integer(let count, let zero, let positive, _) = histogram.counts else {
            preconditionFailure("BUG: a histogram of floats")
        }
        message.varint(1, count)
        message.double(3, histogram.sum)
        message.zigZag(4, Int64(histogram.schema))
        message.double(5, histogram.zeroThreshold)
        message.varint(6, zero)
        for span in histogram.positiveSpans {
            var written = ProtobufWriter()
            written.zigZag(1, Int64(span.offset))
            written.varint(2, UInt64(span.length))
            message.bytes(11, written.bytes.span)
        }
        var last: Int64 = 0
        let deltas = positive.map { bucket in
            defer { last = Int64(bucket) }
            return Int64(bucket) - last
        }
        message.packedZigZags(12, deltas.span)
        message.int64(15, timestampMs)
    }
}

import Encoding

/// Writes metric families as Prometheus' protobuf (`io.prometheus.client.MetricFamily`, each after its length): the one form
/// that carries native histograms.
struct FamilyWriter {
    /// Closer to zero than this is counted as zero: what Prometheus' own clients say, 2^-128.
    private static let zeroThreshold = 0x1p-128

    private var writer = ProtobufWriter()

    var bytes: [UInt8] { writer.bytes }

    mutating func append(_ family: MetricFamily) {
        var message = ProtobufWriter()
        message.string(1, family.name)
        message.string(2, family.help)
        message.varint(3, Self.type(family.kind))
        for point in family.points {
            message.message(4) { metric in
                Self.append(point.labels, field: 1, to: &metric)
                switch point.reading {
                case .number(let value, let exemplar): Self.append(value, exemplar, family.kind, point, to: &metric)
                case .histogram(let histogram):
                    metric.message(7) { Self.append(histogram, createdMs: point.createdMs, to: &$0) }
                }
            }
        }
        if let unit = family.unit.word { message.string(5, unit) }
        writer.bytes.appendVarint(UInt64(message.bytes.count))
        writer.bytes += message.bytes
    }

    private static func type(_ kind: MetricKind) -> UInt64 {
        switch kind {
        case .counter: 0
        case .gauge: 1
        case .histogram: 4
        }
    }

    private static func append(
        _ value: Double, _ exemplar: Exemplar?, _ kind: MetricKind, _ point: MetricPoint,
        to metric: inout ProtobufWriter
    ) {
        metric.message(kind == .counter ? 3 : 2) { number in
            number.double(1, value)
            guard kind == .counter else { return }
            if let exemplar { number.message(2) { append(exemplar, to: &$0) } }
            if let createdMs = point.createdMs { number.message(3) { append(ms: createdMs, to: &$0) } }
        }
    }

    private static func append(
        _ histogram: HistogramReading, createdMs: Int64?, to message: inout ProtobufWriter
    ) {
        message.varint(1, histogram.count)
        message.double(2, histogram.sum)
        for bucket in histogram.buckets {
            // The count says what the bucket of +Inf would, which is written for its exemplar only.
            if bucket.upperBound == .infinity, bucket.exemplar == nil { continue }
            message.message(3) {
                $0.varint(1, bucket.cumulativeCount)
                $0.double(2, bucket.upperBound)
                if let exemplar = bucket.exemplar { $0.message(3) { append(exemplar, to: &$0) } }
            }
        }
        if let createdMs { message.message(15) { append(ms: createdMs, to: &$0) } }
        guard let native = histogram.native else { return }
        append(native, to: &message)
        for bucket in histogram.buckets {
            if let exemplar = bucket.exemplar { message.message(16) { append(exemplar, to: &$0) } }
        }
    }

    /// Buckets as runs of neighbours, each count as the difference to the one before it.
    private static func append(_ native: NativeReading, to message: inout ProtobufWriter) {
        message.zigZag(5, Int64(native.schema))
        message.double(6, zeroThreshold)
        message.varint(7, native.zeroCount)
        var runs: [(offset: Int, length: Int)] = []
        var next = 0
        for bucket in native.buckets {
            if bucket.index == next, !runs.isEmpty {
                runs[runs.count - 1].length += 1
            } else {
                runs.append((bucket.index - next, 1))
            }
            next = bucket.index + 1
        }
        // An empty run tells a native histogram without observations from a classic one.
        if runs.isEmpty { runs.append((0, 0)) }
        for run in runs {
            message.message(12) {
                $0.zigZag(1, Int64(run.offset))
                $0.varint(2, UInt64(run.length))
            }
        }
        var last: Int64 = 0
        for bucket in native.buckets {
            message.zigZag(13, Int64(bucket.count) - last)
            last = Int64(bucket.count)
        }
    }

    private static func append(_ exemplar: Exemplar, to message: inout ProtobufWriter) {
        append(exemplar.labels, field: 1, to: &message)
        message.double(2, exemplar.value)
        message.message(3) { append(ms: exemplar.wallMs, to: &$0) }
    }

    private static func append(_ labels: [LabelPair], field: UInt32, to message: inout ProtobufWriter) {
        for label in labels {
            message.message(field) {
                $0.string(1, label.name)
                $0.string(2, label.value)
            }
        }
    }

    /// A `google.protobuf.Timestamp`.
    private static func append(ms: Int64, to message: inout ProtobufWriter) {
        message.int64(1, ms / 1_000)
        message.int64(2, ms % 1_000 * 1_000_000)
    }
}

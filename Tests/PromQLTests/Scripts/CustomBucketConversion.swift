import Encoding
import Model
import PromQL

/// Makes native histograms with custom buckets of classic ones, as `load_with_nhcb` asks for.
enum CustomBucketConversion {
    private struct Classic {
        var buckets: [Double: Double] = [:]
        var count: Double?
        var sum = 0.0
    }

    /// Histograms by series, in order of time.
    static func histograms(
        of series: [(labels: Labels, samples: [(timeMs: Int64, value: Double)])]
    ) -> [Labels: [SampleBatch.Histogram]] {
        var classics: [Labels: [Int64: Classic]] = [:]
        for (labels, samples) in series {
            let name = labels[Labels.metricName]
            guard let suffix = ["_bucket", "_count", "_sum"].first(where: name.hasSuffix) else { continue }
            let bound = FloatReading.float(labels["le"])
            if suffix == "_bucket", bound?.isNaN ?? true { continue }
            var builder = LabelsBuilder(labels)
            builder.set(Labels.metricName, String(name.dropLast(suffix.count)))
            builder.remove("le")
            let base = builder.labels()
            for sample in samples {
                var classic = classics[base, default: [:]][sample.timeMs] ?? Classic()
                switch suffix {
                case "_bucket": if let bound { classic.buckets[bound] = sample.value }
                case "_count": classic.count = sample.value
                default: classic.sum = sample.value
                }
                classics[base, default: [:]][sample.timeMs] = classic
            }
        }
        return classics.mapValues { byTime in
            byTime.sorted { $0.key < $1.key }.map { time, classic in
                SampleBatch.Histogram(timestampMs: time, value: native(classic))
            }
        }
    }

    private static func native(_ classic: Classic) -> NativeHistogram {
        var buckets = classic.buckets.sorted { $0.key < $1.key }
        let count = classic.count ?? buckets.last?.value ?? 0
        if buckets.last?.key != .infinity { buckets.append((.infinity, count)) }
        var spans: [NativeHistogram.Span] = []
        var counts: [Double] = []
        var previous = 0.0
        var gap: Int32 = 0
        for (_, cumulative) in buckets {
            let own = cumulative - previous
            previous = cumulative
            if own == 0 {
                gap += 1
                continue
            }
            spans.append(NativeHistogram.Span(offset: gap, length: 1))
            counts.append(own)
            gap = 0
        }
        return NativeHistogram(
            schema: NativeHistogram.customBoundsSchema, sum: classic.sum,
            counts: .float(count: count, zero: 0, positive: counts, negative: []), positiveSpans: spans,
            customBounds: buckets.dropLast().map(\.key))
    }
}

import Encoding
import Ingest
import Model
import TestSupport
import Testing

private let seed = Hash128(low: 1, high: 2)

struct WriteRequestEncoderTests {
    private func plain(_ body: [UInt8]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try Snappy.decompress(body.span, bytesMax: 1 << 24, appendingTo: &bytes)
        return bytes
    }

    private func labels(_ batch: SampleBatch, _ series: Int) -> Labels {
        Labels(canonical: Array(batch.labelBytes[batch.series[series].labels]))
    }

    private func decodedV2(_ body: [UInt8]) throws -> SampleBatch {
        var decoder = WriteRequestV2Decoder(seed: seed)
        var batch = SampleBatch()
        let bytes = try plain(body)
        try decoder.decode(bytes.span, into: &batch)
        #expect(decoder.flaws.isEmpty)
        return batch
    }

    private func random(_ generator: inout SeededGenerator) -> SampleBatch {
        var batch = SampleBatch()
        let hasStarts = Bool.random(using: &generator)
        for series in 0..<Int.random(in: 0...40, using: &generator) {
            var pairs = [("__name__", "metric_\(Int.random(in: 0...5, using: &generator))_total"), ("n", "\(series)")]
            for label in 0..<Int.random(in: 0...4, using: &generator) {
                pairs.append(("label_\(label)", String(repeating: "é", count: .random(in: 1...90, using: &generator))))
            }
            let samples = (0..<Int.random(in: 0...5, using: &generator)).map { place in
                (
                    Int64.random(in: -5...9_999_999_999_999, using: &generator),
                    Double.random(in: 0...1, using: &generator) * Double(place)
                )
            }
            batch.append(Labels(pairs), samples.map { (timestampMs: $0.0, value: $0.1) })
            if hasStarts { for _ in samples { batch.startTimestampsMs.append(.random(in: 1...9, using: &generator)) } }
            let first = batch.histograms.count
            for _ in 0..<Int.random(in: 0...2, using: &generator) { batch.histograms.append(histogram(&generator)) }
            batch.series[series].histograms = first..<batch.histograms.count
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                batch.exemplars.append(
                    .init(series: series, labels: Labels([("trace_id", "\(series)")]), value: 2.5, timestampMs: 77))
            }
        }
        return batch
    }

    private func histogram(_ generator: inout SeededGenerator) -> SampleBatch.Histogram {
        let spans = [NativeHistogram.Span(offset: -3, length: 2), .init(offset: 4, length: 1)]
        let isInteger = Bool.random(using: &generator)
        func counts() -> [UInt64] { (0..<3).map { _ in .random(in: 0...(1 << 40), using: &generator) } }
        let (positive, negative) = (counts(), counts())
        let value = NativeHistogram(
            schema: .random(in: -4...8, using: &generator), counterResetHint: .gauge, zeroThreshold: 1e-128,
            sum: .random(in: -9...9, using: &generator),
            counts: isInteger
                ? .integer(count: 1 << 50, zero: 3, positive: positive, negative: negative)
                : .float(
                    count: 2.5, zero: 0.5, positive: positive.map(Double.init), negative: negative.map(Double.init)),
            positiveSpans: spans, negativeSpans: spans)
        return .init(timestampMs: .random(in: 1...(1 << 45), using: &generator), startTimestampMs: 5, value: value)
    }

    @Test func whatVersion2SaysIsReadBackAsItWas() throws {
        var generator = SeededGenerator.announced()
        var encoder = WriteRequestEncoder()
        for _ in 0..<50 {
            let batch = random(&generator)
            let read = try decodedV2(try encoder.encode(batch, as: .version2))
            #expect(read.series.indices.map { labels(read, $0) } == batch.series.indices.map { labels(batch, $0) })
            #expect(read.series.map(\.samples) == batch.series.map(\.samples))
            #expect(read.values == batch.values && read.timestampsMs == batch.timestampsMs)
            let none = batch.startTimestampsMs.isEmpty
            #expect(
                none ? read.startTimestampsMs.allSatisfy { $0 == 0 } : read.startTimestampsMs == batch.startTimestampsMs
            )
            #expect(
                read.histograms == batch.histograms && read.series.map(\.histograms) == batch.series.map(\.histograms))
            #expect(read.exemplars.map(\.series) == batch.exemplars.map(\.series))
            #expect(read.exemplars.map(\.labels) == batch.exemplars.map(\.labels))
        }
    }

    @Test func whatVersion1SaysIsReadBackAsItWas() throws {
        var generator = SeededGenerator.announced()
        var encoder = WriteRequestEncoder()
        for _ in 0..<50 {
            var batch = random(&generator)
            batch.metadata = [MetricMetadata(family: "metric_1_total", kind: .histogram, help: "h", unit: "s")]
            let body = try plain(try encoder.encode(batch, as: .version1))
            var decoder = WriteRequestDecoder(seed: seed)
            var read = SampleBatch()
            try decoder.decode(body.span, into: &read)
            #expect(read.series.map(\.samples) == batch.series.map(\.samples))
            #expect(read.values == batch.values && read.timestampsMs == batch.timestampsMs)
            #expect(
                read.histograms == batch.histograms && read.series.map(\.histograms) == batch.series.map(\.histograms))
            #expect(read.exemplars.map(\.series) == batch.exemplars.map(\.series))
            #expect(read.exemplars.map(\.labels) == batch.exemplars.map(\.labels))
            #expect(read.metadata == batch.metadata && decoder.flaws.isEmpty)
            var wire = WireLabels()
            for series in batch.series.indices {
                var bytes: [UInt8] = []
                _ = try wire.write(body.span.extracting(decoder.labelRanges[series]), into: &bytes)
                #expect(Labels(canonical: bytes) == labels(batch, series))
            }
        }
    }

    /// Put together by hand from remote.proto's field numbers.
    @Test func version1HasTheBytesOfTheProtocol() throws {
        var batch = SampleBatch()
        batch.append(Labels([("__name__", "up"), ("job", "node")]), [(timestampMs: 10, value: 1)])
        batch.metadata = [MetricMetadata(family: "up", kind: .gauge, help: "h", unit: "s")]
        var encoder = WriteRequestEncoder()
        let metadata = [0x08, 2] + field(2, Array("up".utf8)) + field(4, [0x68]) + field(5, [0x73])
        let expected = field(1, label("__name__", "up") + label("job", "node") + sample(1, 10)) + field(3, metadata)
        #expect(try plain(try encoder.encode(batch, as: .version1)) == expected)
    }

    @Test func version2TellsOfTheFamilyOfEachSeries() throws {
        var batch = SampleBatch()
        batch.append(Labels([("__name__", "hits_total")]), [(timestampMs: 10, value: 1)])
        batch.append(Labels([("__name__", "wait_seconds_bucket"), ("le", "1")]), [(timestampMs: 10, value: 2)])
        batch.append(Labels([("__name__", "unknown")]), [(timestampMs: 10, value: 3)])
        let families = MetricFamilies([
            MetricMetadata(family: "hits", kind: .counter, help: "Hits."),
            MetricMetadata(family: "wait_seconds", kind: .histogram, help: "Waits.", unit: "seconds"),
        ])
        var encoder = WriteRequestEncoder()
        let read = try decodedV2(try encoder.encode(batch, as: .version2, families: families))
        #expect(
            read.metadata == [
                MetricMetadata(family: "hits_total", kind: .counter, help: "Hits."),
                MetricMetadata(family: "wait_seconds_bucket", kind: .histogram, help: "Waits.", unit: "seconds"),
            ])
    }

    @Test func manySymbolsKeepTheirNumbers() throws {
        var batch = SampleBatch()
        for series in 0..<5000 {
            batch.append(Labels([("__name__", "m"), ("n", "value_\(series)")]), [(timestampMs: 1, value: 0)])
        }
        var encoder = WriteRequestEncoder()
        for _ in 0..<2 {
            let read = try decodedV2(try encoder.encode(batch, as: .version2))
            #expect(read.series.indices.allSatisfy { labels(read, $0) == labels(batch, $0) })
        }
    }
}

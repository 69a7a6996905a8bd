import Encoding
import Ingest
import Model
import Posix
import Telemetry
import TestSupport
import Testing

/// Messages built by hand from the field numbers of io/prometheus/client/metrics.proto.
struct ProtobufExpositionTests {
    private func family(
        _ name: String, type: UInt64, _ write: (inout ProtobufWriter) -> Void
    ) -> [UInt8] {
        var message = ProtobufWriter()
        message.string(1, name)
        message.string(2, "help of it")
        message.varint(3, type)
        message.message(4, write)
        var page = ProtobufWriter()
        page.bytes.appendVarint(UInt64(message.bytes.count))
        return page.bytes + message.bytes
    }

    private func label(_ name: String, _ value: String, _ writer: inout ProtobufWriter) {
        writer.message(1) {
            $0.string(1, name)
            $0.string(2, value)
        }
    }

    private func read(
        _ bytes: [UInt8], _ wanted: ProtobufExposition.Histograms = .init()
    ) throws -> (series: [String], page: ExpositionPage) {
        var page = ExpositionPage()
        var decoder = ProtobufExposition(wanted)
        try decoder.read(bytes.span, into: &page)
        let series = try page.rows.map { row in
            let text = Array(page.text[row.series]) + Array(" 0\n".utf8)
            var reader = ExpositionReader(text.span, isOpenMetrics: false)
            _ = try reader.next()
            var builder = LabelsBuilder()
            reader.write(into: &builder)
            return builder.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ",") + " \(row.value)"
        }
        return (series, page)
    }

    @Test func countersBringExemplarAndStart() throws {
        let bytes = family("hits_total", type: 0) {
            label("path", "/a\"b\\c\nd", &$0)
            $0.message(3) {
                $0.double(1, 7)
                $0.message(2) {
                    label("trace", "x", &$0)
                    $0.double(2, 0.25)
                    $0.message(3) { $0.varint(1, 12) }
                }
                $0.message(3) {
                    $0.varint(1, 100)
                    $0.varint(2, 5_000_000)
                }
            }
            $0.varint(6, 1234)
        }
        let (series, page) = try read(bytes)
        #expect(series == ["__name__=hits_total,path=/a\"b\\c\nd 7.0"])
        #expect(page.rows[0].timestampMs == 1234)
        #expect(page.rows[0].startTimestampMs == 100_005)
        #expect(page.exemplars.map(\.labels) == [Labels([("trace", "x")])])
        #expect(page.exemplars[0].timestampMs == 12000)
        #expect(page.metadata == [MetricMetadata(family: "hits_total", kind: .counter, help: "help of it")])
    }

    private func histogram(_ writer: inout ProtobufWriter, spans: Bool) {
        writer.message(7) {
            $0.varint(1, 6)
            $0.double(2, 3.5)
            for (bound, count) in [(0.5, UInt64(2)), (1, 6)] {
                $0.message(3) {
                    $0.varint(1, count)
                    $0.double(2, bound)
                }
            }
            guard spans else { return }
            $0.zigZag(5, 3)
            $0.double(6, 0.001)
            $0.varint(7, 1)
            $0.message(12) {
                $0.zigZag(1, -2)
                $0.varint(2, 2)
            }
            $0.zigZag(13, 2)
            $0.zigZag(13, 1)
        }
    }

    @Test func aClassicHistogramIsItsBuckets() throws {
        let (series, _) = try read(family("h", type: 4) { histogram(&$0, spans: false) })
        #expect(
            series == [
                "__name__=h_count 6.0", "__name__=h_sum 3.5", "__name__=h_bucket,le=0.5 2.0",
                "__name__=h_bucket,le=1.0 6.0", "__name__=h_bucket,le=+Inf 6.0",
            ])
    }

    @Test func aNativeHistogramIsOneSeries() throws {
        let bytes = family("h", type: 5) { histogram(&$0, spans: true) }
        let (series, page) = try read(bytes)
        #expect(series == ["__name__=h 0.0"])
        #expect(
            page.histograms == [
                NativeHistogram(
                    schema: 3, counterResetHint: .gauge, zeroThreshold: 0.001, sum: 3.5,
                    counts: .integer(count: 6, zero: 1, positive: [2, 3], negative: []),
                    positiveSpans: [.init(offset: -2, length: 2)])
            ])
        #expect(try read(bytes, .init(native: true, alwaysClassic: true)).series.count == 6)
        #expect(try read(bytes, .init(native: false)).series.count == 5)
    }

    /// What our own client library shows, read as the page of any other.
    @Test func pagesOfTelemetryBringNativeHistogramsAndExemplars() throws {
        let registry = Registry(time: ManualTime())
        let buckets = HistogramBuckets(bounds: [0.5, 1], nativeSchema: 0)
        let histogram = registry.histogram("wait_seconds", "Waits.", unit: .seconds, buckets: buckets)
        // Of schema 0 the bucket of index i ends at 2^i.
        for seconds in [0, 0.4, 0.9, 1, 3, 100] { histogram.observe(Int(seconds * 1e9)) }
        let trace = TraceContext(sampleRatio: 1)
        histogram.observe(700_000_000, exemplarOf: trace)
        _ = registry.histogram("none_seconds", "Of nobody.", unit: .seconds, buckets: .native)
        registry.counters("hits_total", "Hits.", labels: ["path"]).with("/ä").add(3)
        registry.gauge("depth", "Depth.").set(-2)
        let bytes = registry.exposition(.protobuf)
        let (series, page) = try read(bytes)
        #expect(
            series == [
                "__name__=depth -2.0", "__name__=hits_total,path=/ä 3.0", "__name__=none_seconds 0.0",
                "__name__=wait_seconds 0.0",
            ])
        let seen = try #require(page.histograms.last)
        #expect(
            seen.counts == .integer(count: 7, zero: 1, positive: [1, 3, 1, 1], negative: []), "\(seen.counts)")
        #expect(
            seen.positiveSpans == [
                .init(offset: -1, length: 2), .init(offset: 1, length: 1), .init(offset: 4, length: 1),
            ])
        #expect(abs(seen.sum - 106) < 1e-9)
        #expect(page.exemplars.map(\.value) == [0.7])
        let classic = try read(bytes, .init(native: false)).series
        #expect(classic.contains("__name__=wait_seconds_bucket,le=0.5 2.0"))
        #expect(classic.contains("__name__=wait_seconds_bucket,le=1.0 5.0"))
        #expect(classic.contains("__name__=wait_seconds_bucket,le=+Inf 7.0"))
    }

    @Test func aSummaryIsCountSumAndQuantiles() throws {
        let bytes = family("s", type: 2) {
            $0.message(4) {
                $0.varint(1, 3)
                $0.double(2, 1.5)
                $0.message(3) {
                    $0.double(1, 0.9)
                    $0.double(2, 0.7)
                }
            }
        }
        #expect(
            try read(bytes).series == ["__name__=s_count 3.0", "__name__=s_sum 1.5", "__name__=s,quantile=0.9 0.7"])
    }

    @Test func whatDoesNotFitIsRefused() {
        let spans = family("h", type: 4) {
            $0.message(7) {
                $0.message(12) { $0.varint(2, 3) }
                $0.zigZag(13, 1)
            }
        }
        for bytes in [spans, family("x", type: 9) { $0.message(2) { $0.double(1, 1) } }, [5, 1], [0xff]] {
            #expect(throws: ExpositionError.self) { try read(bytes) }
        }
    }
}

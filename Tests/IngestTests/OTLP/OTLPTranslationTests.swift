import Encoding
import Model
import Posix
import Testing

@testable import Ingest

struct OTLPTranslationTests {
    private func translate(
        _ json: String, _ options: OTLPOptions = OTLPOptions(), deltas: DeltaSums = DeltaSums(time: SystemTime())
    ) throws -> (series: [String: [Double]], translation: OTLPTranslation) {
        let bytes = Array(json.utf8)
        var translation = OTLPTranslation(options, deltas, keySeed: Hash128(low: 1, high: 2))
        for resource in try OTLPJSON.read(bytes.span) { translation.add(resource) }
        let batch = translation.batch.batch
        var found: [String: [Double]] = [:]
        for series in batch.series {
            let labels = Labels(canonical: Array(batch.labelBytes[series.labels]))
            let name = labels.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            found[name, default: []] += series.samples.map { batch.values[$0] }
        }
        return (found, translation)
    }

    private func request(_ metric: String, resource: String = "") -> String {
        """
        {"resourceMetrics": [{"resource": {"attributes": [\(resource)]}, "scopeMetrics": [{"scope": {"name": "lib"},
        "metrics": [\(metric)]}]}]}
        """
    }

    private static let service = """
        {"key": "service.name", "value": {"stringValue": "shop"}}, {"key": "service.namespace", "value": {"stringValue": "eu"}},
        {"key": "service.instance.id", "value": {"stringValue": "i1"}}, {"key": "host.name", "value": {"stringValue": "h"}}
        """

    @Test func theResourceBecomesJobInstanceAndTargetInfo() throws {
        let gauge = #"{"name": "g", "gauge": {"dataPoints": [{"timeUnixNano": "2000000000", "asInt": "5"}]}}"#
        let (series, _) = try translate(request(gauge, resource: Self.service))
        #expect(
            series == [
                "__name__=g,instance=i1,job=eu/shop": [5],
                "__name__=target_info,host_name=h,instance=i1,job=eu/shop": [1],
            ])
        var options = OTLPOptions()
        options.promotedAttributes = ["host.name"]
        let (promoted, _) = try translate(request(gauge, resource: Self.service), options)
        #expect(promoted["__name__=g,host_name=h,instance=i1,job=eu/shop"] == [5])
    }

    @Test func histogramsBecomeCumulativeBuckets() throws {
        let histogram = """
            {"name": "h", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": "1000000000",
            "count": "6", "sum": 7.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 1]}]}}
            """
        let (series, _) = try translate(request(histogram))
        #expect(
            series == [
                "__name__=h_seconds_count": [6], "__name__=h_seconds_sum": [7.5],
                "__name__=h_seconds_bucket,le=0.5": [1], "__name__=h_seconds_bucket,le=1.0": [3],
                "__name__=h_seconds_bucket,le=+Inf": [6],
            ])
    }

    @Test func exponentialHistogramsBecomeNativeOnes() throws {
        let histogram = """
            {"name": "e", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": "1000000000",
            "count": "6", "sum": 7, "scale": 3, "zeroCount": "1", "positive": {"offset": -2, "bucketCounts": ["2", "3"]}}]}}
            """
        let (_, translation) = try translate(request(histogram))
        #expect(
            translation.batch.batch.histograms.map(\.value) == [
                NativeHistogram(
                    schema: 3, zeroThreshold: 1e-128, sum: 7,
                    counts: .integer(count: 6, zero: 1, positive: [2, 3], negative: []),
                    positiveSpans: [.init(offset: -1, length: 2)])
            ])
    }

    @Test func deltasAreAddedUpAndLateOnesRejected() throws {
        let deltas = DeltaSums(time: SystemTime())
        func sum(_ second: Int, _ value: Int) -> String {
            request(
                """
                {"name": "c", "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints":
                [{"timeUnixNano": "\(second)000000000", "asInt": "\(value)"}]}}
                """)
        }
        #expect(try translate(sum(1, 5), deltas: deltas).series == ["__name__=c_total": [5]])
        #expect(try translate(sum(2, 7), deltas: deltas).series == ["__name__=c_total": [12]])
        let (late, translation) = try translate(sum(2, 9), deltas: deltas)
        #expect(late.isEmpty && translation.rejected == 1)
    }

    @Test func summariesAndEndsOfSeries() throws {
        let summary = """
            {"name": "s", "summary": {"dataPoints": [{"timeUnixNano": "1000000000", "count": "3", "sum": 1.5,
            "quantileValues": [{"quantile": 0.9, "value": 0.7}]}]}},
            {"name": "gone", "gauge": {"dataPoints": [{"timeUnixNano": "1000000000", "flags": 1}]}}
            """
        let (series, _) = try translate(request(summary))
        #expect(
            series["__name__=s_count"] == [3] && series["__name__=s_sum"] == [1.5]
                && series["__name__=s,quantile=0.9"] == [0.7])
        #expect(series["__name__=gone"]?.allSatisfy(StaleMarker.isStale) == true)
    }

    @Test func aHistogramWhoseBucketsDoNotFitItsBoundsIsRejected() throws {
        let histogram = """
            {"name": "h", "histogram": {"dataPoints": [{"count": "1", "bucketCounts": ["1"], "explicitBounds": [1, 2]}]}}
            """
        let (series, translation) = try translate(request(histogram))
        #expect(series.isEmpty && translation.rejected == 1 && translation.reason?.contains("bounds") == true)
    }
}

import TestSupport
import Testing

@testable import Telemetry

@Suite struct ExpositionTests {
    private let time = ManualTime()
    private let trace = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")!

    /// One metric of each kind, with everything that needs escaping.
    private func registry() -> Registry {
        let registry = Registry(time: time)
        let requests = registry.counters("obs_requests_total", "Requests \\ by \"route\"\nand code.", labels: ["route"])
        requests.with("/a\\b\"c\nd").add(5)
        requests.with("é").add(1, exemplarOf: trace)
        registry.gauge("obs_size_bytes", "Size.", unit: .bytes).set(-12)
        registry.callback("obs_ratio", "Ratio.") { 0.1 }
        registry.callback("obs_nan", "NaN.") { .nan }
        registry.callback("obs_endless", "Inf.") { -.infinity }
        registry.callback("obs_large", "Large.") { 1e21 }
        let wait = registry.histogram(
            "obs_wait_seconds", "Wait.", unit: .seconds, buckets: HistogramBuckets(bounds: [0.5, 1], nativeSchema: 3))
        wait.observe(700_000_000, exemplarOf: trace)
        wait.observe(2_000_000_000)
        return registry
    }

    private func text(_ registry: Registry, _ format: ExpositionFormat, createdLines: Bool = false) -> String {
        String(decoding: registry.exposition(format, createdLines: createdLines), as: UTF8.self)
    }

    @Test func writesTheTextFormatAsItsPageDescribesIt() {
        #expect(
            text(registry(), .text) == """
                # HELP obs_endless Inf.
                # TYPE obs_endless gauge
                obs_endless -Inf
                # HELP obs_large Large.
                # TYPE obs_large gauge
                obs_large 1e+21
                # HELP obs_nan NaN.
                # TYPE obs_nan gauge
                obs_nan NaN
                # HELP obs_ratio Ratio.
                # TYPE obs_ratio gauge
                obs_ratio 0.1
                # HELP obs_requests_total Requests \\\\ by "route"\\nand code.
                # TYPE obs_requests_total counter
                obs_requests_total{route="/a\\\\b\\"c\\nd"} 5
                obs_requests_total{route="é"} 1
                # HELP obs_size_bytes Size.
                # TYPE obs_size_bytes gauge
                obs_size_bytes -12
                # HELP obs_wait_seconds Wait.
                # TYPE obs_wait_seconds histogram
                obs_wait_seconds_bucket{le="0.5"} 0
                obs_wait_seconds_bucket{le="1.0"} 1
                obs_wait_seconds_bucket{le="+Inf"} 2
                obs_wait_seconds_sum 2.7
                obs_wait_seconds_count 2

                """)
    }

    @Test func openMetricsAddsUnitsExemplarsAndTheEnd() {
        let text = text(registry(), .openMetrics)
        #expect(text.hasSuffix("\n# EOF\n"))
        #expect(text.contains("# TYPE obs_requests counter\n"))
        #expect(text.contains("# HELP obs_requests Requests \\\\ by \\\"route\\\"\\nand code.\n"))
        #expect(text.contains("# UNIT obs_wait_seconds seconds\n"))
        let exemplar =
            "{trace_id=\"0af7651916cd43dd8448eb211c80319c\",span_id=\"b7ad6b7169203331\"} 0.7 1767225600.000"
        #expect(text.contains("obs_wait_seconds_bucket{le=\"1.0\"} 1 # \(exemplar)\n"))
        #expect(!text.contains("_created"))
    }

    @Test func createdLinesComeOnlyWhenAskedAndOnlyInOpenMetrics() {
        #expect(
            text(registry(), .openMetrics, createdLines: true).contains("obs_wait_seconds_created 1767225600.000\n"))
        #expect(!text(registry(), .text, createdLines: true).contains("_created"))
    }

    /// Pairs of header and format follow the rules of Prometheus' expfmt.Negotiate: quality first, then order.
    @Test(
        arguments: [
            (nil, ExpositionFormat.text), ("", .text), ("*/*", .text), ("text/html", .text), ("text/plain", .text),
            ("text/plain;version=0.0.4", .text), ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("application/openmetrics-text;version=2.7.1", .text),
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4", .openMetrics),
            ("text/plain;version=0.0.4;q=0.3,application/openmetrics-text;version=1.0.0;q=0.6", .openMetrics),
            ("text/plain;q=0.6, application/openmetrics-text ; q=0.5", .text),
            ("application/openmetrics-text;q=0, text/plain", .text),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
                    + "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.1", .protobuf
            ),
            ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", .text),
            ("application/vnd.google.protobuf;encoding=delimited;q=0.4,text/plain;q=0.5", .text),
            ("APPLICATION/OPENMETRICS-TEXT; Version=\"1.0.0\"", .openMetrics),
            ("application/openmetrics-text;q=x", .text),
        ] as [(String?, ExpositionFormat)])
    func theFormatIsWhatTheClientLikesBest(accept: String?, format: ExpositionFormat) {
        #expect(ExpositionFormat(accept: accept) == format)
    }
}

/// Others' parsers read what this room writes and tell what they read.
@Suite struct ExpositionPeerTests {
    private static let script = """
        import sys
        from prometheus_client import parser
        from prometheus_client.openmetrics import parser as openmetrics
        read = (openmetrics if sys.argv[1] == "openmetrics" else parser).text_string_to_metric_families
        for family in read(sys.stdin.read()):
            for s in family.samples:
                print(family.name, family.type, s.name, sorted(s.labels.items()), float(s.value), s.exemplar is not None)
        """

    private func registry() -> Registry {
        let registry = Registry(time: ManualTime())
        let trace = TraceContext(sampleRatio: 1)
        let requests = registry.counters("obs_requests_total", "Requests \\ by \"route\"\nand code.", labels: ["route"])
        requests.with("/a\\b\"c\nd").add(5)
        requests.with("é").add(1, exemplarOf: trace)
        registry.gauge("obs_size_bytes", "Size.", unit: .bytes).set(-12)
        registry.callback("obs_large", "Large.") { 1e21 }
        registry.histogram(
            "obs_wait_seconds", "Wait.", unit: .seconds, buckets: HistogramBuckets(bounds: [0.5, 1], nativeSchema: 3)
        ).observe(700_000_000, exemplarOf: trace)
        return registry
    }

    @Test(.enabled(if: Peer.exists(pythonModule: "prometheus_client"), "scripts/test installs prometheus-client"))
    func pythonsClientReadsBothFormats() throws {
        let text = try Peer.python(Self.script, "text").run(input: registry().exposition(.text))
        let openMetrics = try Peer.python(Self.script, "openmetrics")
            .run(input: registry().exposition(.openMetrics, createdLines: true))
        let common = [
            "obs_requests counter obs_requests_total [('route', '/a\\\\b\"c\\nd')] 5.0 False",
            "obs_size_bytes gauge obs_size_bytes [] -12.0 False", "obs_large gauge obs_large [] 1e+21 False",
            "obs_wait_seconds histogram obs_wait_seconds_bucket [('le', '0.5')] 0.0 False",
            "obs_wait_seconds histogram obs_wait_seconds_sum [] 0.7 False",
            "obs_wait_seconds histogram obs_wait_seconds_count [] 1.0 False",
        ]
        for line in common {
            #expect(text.output.contains(line + "\n"), "\(text.output)")
            #expect(openMetrics.output.contains(line + "\n"), "\(openMetrics.output)")
        }
        #expect(openMetrics.output.contains("obs_requests_total [('route', 'é')] 1.0 True"))
        #expect(openMetrics.output.contains("obs_wait_seconds_bucket [('le', '1.0')] 1.0 True"))
        #expect(text.status == 0 && openMetrics.status == 0)
    }

    @Test(.enabled(if: Peer.exists("promtool"), "scripts/test installs the package prometheus"))
    func promtoolFindsNothingToSay() throws {
        let answer = try Peer(["promtool", "check", "metrics"]).run(input: registry().exposition(.text))
        #expect(answer.status == 0 && answer.output.isEmpty, "\(answer.output)")
    }
}

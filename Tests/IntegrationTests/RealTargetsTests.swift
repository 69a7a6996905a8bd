import Foundation
import Testing

/// Exporters that others wrote, scraped by obs and by Debian's Prometheus.
@Suite struct RealTargetsTests {
    private static func prometheus(_ folder: String, _ configuration: String) throws -> RunningProgram {
        try configuration.write(toFile: folder + "/prometheus.yml", atomically: true, encoding: .utf8)
        return try RunningProgram("prometheus") { address in
            [
                "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/prometheus",
                "--web.listen-address=\(address)",
            ]
        }
    }

    @Test func nodeExporterGivesBothTheSameSeries() throws {
        let folder = try TemporaryFolder()
        let exporter = try RunningProgram("prometheus-node-exporter") { ["--web.listen-address=\($0)"] }
        let configuration = """
            global: {scrape_interval: 1s}
            scrape_configs:
              - job_name: node
                static_configs: [{targets: ['\(exporter.address)'], labels: {rack: r1}}]
                metric_relabel_configs:
                  - {source_labels: [__name__], regex: 'go_.*', action: drop}
                  - {source_labels: [device], target_label: disk}
            """
        let peer = try Self.prometheus(folder.path, configuration)
        let obs = try RunningObs("--config", folder.write(configuration, to: "obs.yml"), data: folder.path + "/obs")
        let selector = #"{job="node"}"#
        // A scrape more than the first, so that what a scrape changes in the exporter is there.
        for address in [peer.address, obs.address] {
            _ = try PrometheusAnswer.wait("a second scrape by \(address)") {
                let seen = PrometheusAnswer.values(address, #"count_over_time(up{job="node"}[1m])"#).values.first
                return Int(seen ?? "").flatMap { $0 >= 3 ? $0 : nil }
            }
        }
        let expected = PrometheusAnswer.series(peer.address, selector)
        #expect(expected.count > 300)
        let found = PrometheusAnswer.series(obs.address, selector)
        #expect(found.subtracting(expected).isEmpty && expected.subtracting(found).isEmpty)
        let constant =
            #"{__name__=~"up|node_boot_time_seconds|node_memory_MemTotal_bytes|node_uname_info|node_exporter_build_info|node_filesystem_size_bytes|scrape_samples_scraped|scrape_samples_post_metric_relabeling",job="node"}"#
        let values = PrometheusAnswer.values(peer.address, constant)
        #expect(values.count > 6)
        #expect(PrometheusAnswer.values(obs.address, constant) == values)

        let table = try Obs.run("targets", "--server", "http://\(obs.address)")
        #expect(table.code == 0 && table.output.contains(exporter.address) && table.output.contains(" up "))
        exporter.end()
        _ = try PrometheusAnswer.wait("the end of the series") {
            PrometheusAnswer.values(obs.address, #"node_boot_time_seconds"#).isEmpty ? true : nil
        }
        // The scrape that the end of the exporter broke off tells another reason.
        let down = try PrometheusAnswer.wait("the reason why the target is down") { () -> Finished? in
            let down = try Obs.run("targets", "--down", "--server", "http://\(obs.address)")
            return down.output.contains("nobody listens there") ? down : nil
        }
        #expect(down.code == 1, "\(down.output)")
    }

    @Test(.enabled(if: Self.hasClient, "needs prometheus-client from PyPI"))
    func prometheusClientIsReadAndPushes() throws {
        let folder = try TemporaryFolder()
        let application = try RunningProgram.python(Self.application)
        let configuration = """
            global: {scrape_interval: 1s}
            scrape_configs: [{job_name: app, static_configs: [{targets: ['\(application.address)']}]}]
            """
        let obs = try RunningObs("--config", folder.write(configuration, to: "obs.yml"), data: folder.path + "/obs")
        let selector = #"{job="app",__name__!~"python_.*|process_.*|scrape_.*|.*_created"}"#
        let values = try PrometheusAnswer.wait("the first scrape") {
            let values = PrometheusAnswer.values(obs.address, selector)
            return values.count > 5 ? values : nil
        }
        let labels = ",instance=\(application.address),job=app"
        #expect(
            values == [
                "__name__=hits_total" + labels + ",path=/a\"b": "3", "__name__=temperature" + labels: "-1.5",
                "__name__=latency_count" + labels: "2", "__name__=latency_sum" + labels: "2.5",
                "__name__=latency_bucket" + labels + ",le=1.0": "1",
                "__name__=latency_bucket" + labels + ",le=2.0": "2",
                "__name__=latency_bucket" + labels + ",le=inf": "2", "__name__=size_count" + labels: "1",
                "__name__=size_sum" + labels: "7", "__name__=build_info" + labels + ",version=1.2": "1",
                "__name__=state" + labels + ",state=on": "1", "__name__=state" + labels + ",state=off": "0",
                "__name__=up" + labels: "1",
            ])
        let push = try Obs.shell("bash", "'\(RunningProgram.interpreter)' -c '\(Self.push)' \(obs.address)")
        #expect(push.code == 0, "\(push.complaints)")
        let pushed = PrometheusAnswer.values(obs.address, "last_success")
        #expect(pushed == ["__name__=last_success,instance=db1,job=backup": "42"])
        #expect(PrometheusAnswer.values(obs.address, #"push_time_seconds{job="backup"}"#).count == 1)
        let delete = try Obs.shell("bash", "'\(RunningProgram.interpreter)' -c '\(Self.delete)' \(obs.address)")
        #expect(delete.code == 0, "\(delete.complaints)")
        #expect(PrometheusAnswer.values(obs.address, "last_success").isEmpty)
    }

    @Test(.enabled(if: Self.hasSDK, "needs opentelemetry-sdk and its OTLP/HTTP exporter from PyPI"))
    func allInstrumentsOfOpenTelemetryArrive() throws {
        let folder = try TemporaryFolder()
        let configuration = "otlp: {promote_resource_attributes: [deployment.environment]}"
        let obs = try RunningObs("--config", folder.write(configuration, to: "obs.yml"), data: folder.path + "/obs")
        let script = try folder.write(Self.instruments, to: "instruments.py")
        let sent = try Obs.shell("bash", "'\(RunningProgram.interpreter)' '\(script)' http://\(obs.address)/v1/metrics")
        #expect(sent.code == 0, "\(sent.output)\(sent.complaints)")
        let labels = ",deployment_environment=prod,instance=i1,job=shop/cart"
        let values = PrometheusAnswer.values(obs.address, #"{job="shop/cart",__name__!~"target_info|.*_bucket"}"#)
        #expect(
            values == [
                "__name__=orders_total" + labels + ",kind=a": "5", "__name__=queue" + labels: "3",
                "__name__=temperature_celsius" + labels: "21.5", "__name__=seen_total" + labels: "11",
                "__name__=level_ratio" + labels: "0.25", "__name__=open_connections" + labels: "-2",
                "__name__=latency_seconds_count" + labels: "2", "__name__=latency_seconds_sum" + labels: "2.5",
            ])
        let buckets = PrometheusAnswer.values(obs.address, #"latency_seconds_bucket{le=~"1.0|[+]Inf"}"#)
        #expect(Set(buckets.values) == ["1", "2"])
        let info = PrometheusAnswer.values(obs.address, "target_info")
        #expect(info.count == 1 && info.first?.value == "1")
        #expect(info.first?.key.contains("telemetry_sdk_name=opentelemetry") == true)
        let count = PrometheusAnswer.values(obs.address, "histogram_count(sizes_bytes)")
        #expect(count.values.first == "3")
    }

    private static var hasSDK: Bool {
        let imports = "import opentelemetry.sdk.metrics, opentelemetry.exporter.otlp.proto.http.metric_exporter"
        let asked = "'\(RunningProgram.interpreter)' -c '\(imports)'"
        // A shell that does not start has no module either.
        return (try? Obs.shell("bash", asked).code) == 0  // see above
    }

    private static let instruments = """
        import sys
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.metrics import Observation
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
        from opentelemetry.sdk.resources import Resource
        exporter = OTLPMetricExporter(endpoint=sys.argv[1])
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3600000)
        resource = Resource.create({"service.name": "cart", "service.namespace": "shop", "service.instance.id": "i1",
            "deployment.environment": "prod"})
        views = [View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())]
        provider = MeterProvider(metric_readers=[reader], resource=resource, views=views)
        meter = provider.get_meter("test")
        meter.create_counter("orders").add(5, {"kind": "a"})
        meter.create_up_down_counter("queue").add(3)
        meter.create_gauge("temperature", unit="Cel").set(21.5)
        meter.create_observable_counter("seen", [lambda o: [Observation(11)]])
        meter.create_observable_gauge("level", [lambda o: [Observation(0.25)]], unit="1")
        meter.create_observable_up_down_counter("open.connections", [lambda o: [Observation(-2)]])
        latency = meter.create_histogram("latency", unit="s", explicit_bucket_boundaries_advisory=[1.0, 2.0])
        latency.record(0.5); latency.record(2)
        sizes = meter.create_histogram("sizes", unit="By")
        for size in (1, 10, 100): sizes.record(size)
        assert provider.force_flush()
        provider.shutdown()
        """

    private static var hasClient: Bool {
        // A shell that does not start has no module either.
        let asked = "'\(RunningProgram.interpreter)' -c 'import prometheus_client'"
        return (try? Obs.shell("bash", asked).code) == 0  // see above
    }

    private static let application = """
        import sys, time
        from prometheus_client import *
        hits = Counter("hits", "h", ["path"]); hits.labels('/a"b').inc(3, {"trace": "x"})
        Gauge("temperature", "t").set(-1.5)
        latency = Histogram("latency", "l", buckets=[1, 2]); latency.observe(0.5); latency.observe(2)
        Summary("size", "s").observe(7)
        Info("build", "b").info({"version": "1.2"})
        Enum("state", "e", states=["on", "off"]).state("on")
        start_http_server(int(sys.argv[1]), "127.0.0.1")
        time.sleep(600)
        """
    private static let push = """
        import sys
        from prometheus_client import *
        registry = CollectorRegistry()
        Gauge("last_success", "x", registry=registry).set(42)
        push_to_gateway(sys.argv[1], job="backup", grouping_key={"instance": "db1"}, registry=registry)
        """
    private static let delete = """
        import sys
        from prometheus_client import *
        delete_from_gateway(sys.argv[1], job="backup", grouping_key={"instance": "db1"})
        """

    @Test func targetsOfAFileComeAndGoWithIt() throws {
        let folder = try TemporaryFolder()
        let configuration = """
            global: {scrape_interval: 1s}
            scrape_configs:
              - job_name: files
                file_sd_configs: [{files: ['\(folder.path)/targets-*.json']}]
                relabel_configs: [{source_labels: [env], regex: test, action: drop}]
            """
        let obs = try RunningObs("--config", folder.write(configuration, to: "obs.yml"), data: folder.path + "/obs")
        _ = try folder.write(
            #"[{"targets": ["127.0.0.1:1"], "labels": {"env": "prod"}}, {"targets": ["127.0.0.1:2"], "labels": {"env": "test"}}]"#,
            to: "targets-1.json")
        let data = try PrometheusAnswer.wait("the targets of the file") { () -> [String: Any]? in
            let data = PrometheusAnswer.data(obs.address, "/api/v1/targets") as? [String: Any]
            return (data?["activeTargets"] as? [Any])?.count == 1 ? data : nil
        }
        let dropped = data["droppedTargets"] as? [[String: Any]]
        let labels = dropped?.first?["discoveredLabels"] as? [String: String]
        #expect(dropped?.count == 1 && labels?["env"] == "test")
        #expect(labels?["__meta_filepath"] == folder.path + "/targets-1.json")
        try FileManager.default.removeItem(atPath: folder.path + "/targets-1.json")
        _ = try PrometheusAnswer.wait("the end of the targets") {
            let data = PrometheusAnswer.data(obs.address, "/api/v1/targets") as? [String: Any]
            return (data?["activeTargets"] as? [Any])?.isEmpty
        }
    }
}

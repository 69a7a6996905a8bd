import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

@testable import obs

@Suite struct OwnMetricsTests {
    private let store = MemoryMetricStore()
    private let registry = Registry()
    private let time = ManualTime()
    private let own: OwnMetrics

    init() {
        let log = Logger(LogSink(level: .error, registry: registry), component: "test")
        own = OwnMetrics(store, registry, instance: "127.0.0.1:9440", log: log, time: time)
    }

    private func samples(_ name: String) throws -> [String: [Double]] {
        let selection = try store.select(
            SelectRequest(matchers: [Matcher("__name__", equals: name)], startMs: .min, endMs: .max))
        var labels = LabelBlock()
        var block = SeriesBlock()
        var found: [String: [Double]] = [:]
        for index in 0..<selection.count {
            try selection.labels(index..<(index + 1), into: &labels)
            try selection.read(index..<(index + 1), into: &block)
            let pairs = labels.labels(0).pairs.filter { $0.name != "__name__" }
            found[pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ",")] = block.values
        }
        return found
    }

    @Test func everySampleHasTheLabelsOfAScrape() throws {
        registry.counters("obs_jobs_total", "Jobs.", labels: ["job"]).with("backup").add(3)
        registry.histogram("obs_wait_seconds", "Waits.", unit: .seconds, buckets: .latency).observe(2_000_000)
        own.record()
        #expect(
            try samples("obs_jobs_total") == [
                "exported_job=backup,instance=127.0.0.1:9440,job=obs": [3]
            ])
        #expect(try samples("obs_wait_seconds_count").values.map(\.self) == [[1]])
        #expect(try samples("obs_wait_seconds_bucket").count > 3)
        #expect(try samples("up") == ["instance=127.0.0.1:9440,job=obs": [1]])
        let metadata = try store.metadata(family: "obs_wait_seconds", limit: 5)
        #expect(
            metadata == [MetricMetadata(family: "obs_wait_seconds", kind: .histogram, help: "Waits.", unit: "seconds")])
    }

    @Test func aSeriesThatHasGoneEnds() throws {
        let family = registry.gauges("obs_open", "Open.", labels: ["file"])
        family.with("a").set(1)
        family.with("b").set(2)
        own.record()
        family.remove("a")
        time.advance(bySeconds: 60)
        own.record()
        time.advance(bySeconds: 60)
        own.record()
        let values = try samples("obs_open")
        let gone = try #require(values["file=a,instance=127.0.0.1:9440,job=obs"])
        #expect(gone.count == 2 && gone[0] == 1 && StaleMarker.isStale(gone[1]))
        #expect(values["file=b,instance=127.0.0.1:9440,job=obs"] == [2, 2, 2])
    }
}

import Encoding
import Model
import Storage
import TestSupport
import Testing

import class Telemetry.Registry

@testable import Ingest

/// A target whose pages go into a store in memory.
private final class Pages {
    let store = MemoryMetricStore()
    var pages: TargetPages

    init(_ configuration: String, target: [String: String] = ["instance": "i:1", "job": "j"]) throws {
        pages = Self.pages(try Self.settings(configuration, target), store)
    }

    private static func pages(_ settings: PageSettings, _ store: MemoryMetricStore) -> TargetPages {
        TargetPages(
            settings, MetricIntake("scrape", store: store, registry: Registry()), keySeed: Hash128(low: 3, high: 4))
    }

    static func settings(_ configuration: String, _ target: [String: String]) throws -> PageSettings {
        PageSettings(try scrapeOptions(configuration), Labels(target.map { ($0.key, $0.value) }))
    }

    /// The same target under other settings.
    func change(_ configuration: String) throws {
        let settings = try Self.settings(configuration, ["instance": "i:1", "job": "j"])
        pages = Self.pages(settings, store).after(pages)
    }

    @discardableResult
    func take(_ page: String, _ format: Ingest.ExpositionFormat = .text, at atMs: Int64) throws -> TargetPages.Outcome {
        let bytes = Array(page.utf8)
        return try pages.take(bytes.span, format, atMs: atMs) { 250_000_000 }
    }

    /// Every sample of a metric: labels that no target has, value, time; `stale` for the marker.
    func samples(_ metric: String) throws -> [String] {
        let request = SelectRequest(
            matchers: [Matcher(Labels.metricName, equals: metric)], startMs: .min + 1, endMs: .max)
        let selection = try store.select(request)
        var labels = LabelBlock()
        var block = SeriesBlock()
        try selection.labels(0..<selection.count, into: &labels)
        try selection.read(0..<selection.count, into: &block)
        return (0..<selection.count).flatMap { series -> [String] in
            let names = labels.labels(series).pairs.filter { !["__name__", "instance", "job"].contains($0.name) }
            let shown = names.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            let floats = block.floats[series]
            return (0..<floats.count).map { index in
                let value = block.values[floats.valueStart + index]
                let text = StaleMarker.isStale(value) ? "stale" : FloatText.plain(value)
                return "{\(shown)} \(text) @\(block.timestampsMs[floats.timestampStart + index])"
            }
        }
    }
}

/// One job as the configuration reads it.
func scrapeOptions(_ yaml: String) throws -> ScrapeOptions {
    let report = ConfigurationReport()
    let reader = YAMLReader(file: "test.yml", report: report)
    let bytes = Array(("{job_name: j" + (yaml.isEmpty ? "" : ", " + yaml) + "}").utf8)
    let document = reader.document(bytes.span)
    let root = try #require(document)
    let section = try #require(reader.section(root, "scrape config"))
    let options = ScrapeOptions(section, defaults: ScrapeDefaults())
    #expect(report.errors.isEmpty, "\(report.errors)")
    return options
}

struct TargetPagesTests {
    @Test func classicHistogramsAreConvertedWhereTheJobSaysSo() throws {
        let target = try Pages("convert_classic_histograms_to_nhcb: true\n")
        let lines = "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 5\nh_sum 9\nh_count 5\n"
        let outcome = try target.take(lines + "# TYPE a counter\na 1\n", at: 1000)
        #expect(outcome.error == nil && outcome.scraped == 2)
        #expect(try target.samples("h_bucket").isEmpty)
        #expect(try target.samples("a") == ["{} 1 @1000"])
        let request = SelectRequest(matchers: [Matcher(Labels.metricName, equals: "h")], startMs: 0, endMs: 2000)
        var block = SeriesBlock()
        try target.store.select(request).read(0..<1, into: &block)
        #expect(block.histograms.map(\.value.customBounds) == [[1]])
        #expect(block.histograms.first?.value.counts == .integer(count: 5, zero: 0, positive: [2, 3], negative: []))
    }

    @Test func samplesComeWithTheReportOfTheScrape() throws {
        let target = try Pages("")
        let outcome = try target.take("# TYPE a counter\na{x=\"1\"} 5\nb 2.5\n", at: 1000)
        #expect(outcome.error == nil && outcome.scraped == 2 && outcome.kept == 2 && outcome.seriesAdded == 2)
        #expect(try target.samples("a") == ["{x=1} 5 @1000"])
        #expect(try target.samples("up") == ["{} 1 @1000"])
        #expect(try target.samples("scrape_duration_seconds") == ["{} 0.25 @1000"])
        #expect(try target.samples("scrape_samples_scraped") == ["{} 2 @1000"])
        #expect(try target.samples("scrape_samples_post_metric_relabeling") == ["{} 2 @1000"])
        #expect(try target.samples("scrape_series_added") == ["{} 2 @1000"])
        #expect(try target.samples("scrape_timeout_seconds").isEmpty)
        #expect(outcome.metadata == [MetricMetadata(family: "a", kind: .counter)])
    }

    @Test func knownSeriesAreAddedOnce() throws {
        let target = try Pages("extra_scrape_metrics: true, sample_limit: 9, scrape_timeout: 3s")
        try target.take("a 1\nb 2\n", at: 1000)
        let second = try target.take("a 3\nb 4\nc 5\n", at: 2000)
        #expect(second.seriesAdded == 1 && second.metadata.isEmpty)
        #expect(try target.samples("a") == ["{} 1 @1000", "{} 3 @2000"])
        #expect(try target.samples("scrape_timeout_seconds") == ["{} 3 @1000", "{} 3 @2000"])
        #expect(try target.samples("scrape_sample_limit") == ["{} 9 @1000", "{} 9 @2000"])
        #expect(try target.samples("scrape_body_size_bytes") == ["{} 8 @1000", "{} 12 @2000"])
    }

    @Test func aSeriesThatDisappearsIsStaleOnce() throws {
        let target = try Pages("")
        try target.take("a 1\nb 2\n", at: 1000)
        try target.take("b 3\n", at: 2000)
        try target.take("b 4\n", at: 3000)
        try target.take("b 4\na 7\n", at: 4000)
        #expect(try target.samples("a") == ["{} 1 @1000", "{} stale @2000", "{} 7 @4000"])
        #expect(try target.samples("b").count == 4)
    }

    @Test func aFailedScrapeMakesEverythingStale() throws {
        let target = try Pages("")
        try target.take("a 1\n", at: 1000)
        let failed = try target.pages.fail("no answer", atMs: 2000, bodyBytes: 0, elapsedNs: 1)
        #expect(failed.error == "no answer")
        try target.take("a 2\n", at: 3000)
        #expect(try target.samples("a") == ["{} 1 @1000", "{} stale @2000", "{} 2 @3000"])
        #expect(try target.samples("up") == ["{} 1 @1000", "{} 0 @2000", "{} 1 @3000"])
    }

    @Test func aFlawedPageIsRefusedWholeWithItsLine() throws {
        let target = try Pages("")
        try target.take("a 1\nb 1\n", at: 1000)
        let outcome = try target.take("a 2\nb{ 3\n", at: 2000)
        #expect(outcome.error?.hasPrefix("line 2: ") == true, "\(outcome.error ?? "")")
        #expect(try target.samples("a") == ["{} 1 @1000", "{} stale @2000"])
        #expect(try target.samples("b") == ["{} 1 @1000", "{} stale @2000"])
        try target.take("a 3\n", at: 3000)
        #expect(try target.samples("a").last == "{} 3 @3000")
        #expect(try target.samples("b").count == 2)
    }

    @Test func theEndOfATargetMakesTheReportStaleAsWell() throws {
        let target = try Pages("")
        try target.take("a 1\n", at: 1000)
        try target.pages.end(atMs: 2000)
        #expect(try target.samples("a") == ["{} 1 @1000", "{} stale @2000"])
        #expect(try target.samples("up") == ["{} 1 @1000", "{} stale @2000"])
        #expect(try target.samples("scrape_series_added") == ["{} 1 @1000", "{} stale @2000"])
    }

    @Test func settingsThatChangeLabelsEndTheSeriesThatTheyRename() throws {
        let target = try Pages("")
        try target.take("a 1\nb 1\n", at: 1000)
        try target.change(
            "metric_relabel_configs: [{source_labels: [__name__], regex: a, target_label: x, replacement: y}]")
        try target.take("a 2\nb 2\n", at: 2000)
        #expect(try target.samples("a") == ["{} 1 @1000", "{} stale @2000", "{x=y} 2 @2000"])
        #expect(try target.samples("b") == ["{} 1 @1000", "{} 2 @2000"])
    }

    @Test func settingsThatDoNotChangeLabelsKeepTheCache() throws {
        let target = try Pages("")
        try target.take("a 1\nb 1\n", at: 1000)
        try target.change("sample_limit: 10")
        let outcome = try target.take("a 2\n", at: 2000)
        #expect(outcome.seriesAdded == 0)
        #expect(try target.samples("b") == ["{} 1 @1000", "{} stale @2000"])
    }

    @Test func exposedLabelsGiveWayOrAreHonoured() throws {
        let page = "a{job=\"other\",exported_job=\"third\"} 1\n"
        let usual = try Pages("")
        try usual.take(page, at: 1)
        #expect(try usual.samples("a") == ["{exported_exported_job=other,exported_job=third} 1 @1"])
        let honouring = try Pages("honor_labels: true")
        try honouring.take(page, at: 1)
        let series = try honouring.store.series(LabelRequest())
        #expect(series.contains { $0["job"] == "other" && $0["exported_job"] == "third" && $0["instance"] == "i:1" })
    }

    @Test func timestampsOfTheTargetAreHonouredOrNot() throws {
        let honouring = try Pages("")
        try honouring.take("a 1 500\n", at: 1000)
        try honouring.take("b 1\n", at: 2000)
        // Without tracking a series with its own time does not become stale.
        #expect(try honouring.samples("a") == ["{} 1 @500"])
        let tracking = try Pages("track_timestamps_staleness: true")
        try tracking.take("a 1 500\n", at: 1000)
        try tracking.take("b 1\n", at: 2000)
        #expect(try tracking.samples("a") == ["{} 1 @500", "{} stale @2000"])
        let ignoring = try Pages("honor_timestamps: false")
        try ignoring.take("a 1 500\n", at: 1000)
        #expect(try ignoring.samples("a") == ["{} 1 @1000"])
    }

    @Test func metricRelabellingDropsAndCounts() throws {
        let target = try Pages("metric_relabel_configs: [{source_labels: [__name__], regex: 'go_.*', action: drop}]")
        for atMs: Int64 in [1000, 2000] {
            let outcome = try target.take("go_a 1\ngo_b 2\nc 3\n", at: atMs)
            #expect(outcome.scraped == 3 && outcome.kept == 1)
        }
        #expect(try target.samples("go_a").isEmpty)
    }

    @Test func twiceTheSameSeriesCountsOnce() throws {
        let target = try Pages("")
        let outcome = try target.take("a 1\na 2\n", at: 1000)
        #expect(outcome.error == nil && outcome.kept == 2 && outcome.refused == 1)
        #expect(try target.samples("a") == ["{} 1 @1000"])
    }

    @Test(
        arguments: [
            ("sample_limit: 1", "sample limit exceeded"),
            ("label_limit: 3", "label_limit exceeded (metric: a, number of labels: 4, limit: 3)"),
            (
                "label_name_length_limit: 7",
                "label_name_length_limit exceeded (metric: a, label name: __name__, length: 8, limit: 7)"
            ),
            (
                "label_value_length_limit: 4",
                #"label_value_length_limit exceeded (metric: a, label name: x, value: "12345", length: 5, limit: 4)"#
            ),
        ])
    func aLimitFailsTheScrapeInPrometheusWords(_ configuration: String, _ reason: String) throws {
        let target = try Pages(configuration)
        let outcome = try target.take("a{x=\"12345\"} 1\nb 1\n", at: 1000)
        let error = try #require(outcome.error)
        #expect(error.hasSuffix(reason), "\(error)")
        #expect(try target.samples("a").isEmpty)
        #expect(try target.samples("up") == ["{} 0 @1000"])
    }

    @Test func exemplarsComeAlong() throws {
        let target = try Pages("")
        let page = "# TYPE a counter\na_total 1 # {t=\"x\"} 0.5 3\n# EOF\n"
        for atMs: Int64 in [1000, 2000] { try target.take(page, .openMetrics, at: atMs) }
        let found = try target.store.exemplars(LabelRequest())
        #expect(found.count == 1 && found[0].exemplars.allSatisfy { $0.timestampMs == 3000 && $0.value == 0.5 })
    }

    @Test func aPageWithoutItsEndIsRefused() throws {
        let target = try Pages("")
        try target.take("a_total 1\n# EOF\n", .openMetrics, at: 1000)
        let outcome = try target.take("a_total 2\n", .openMetrics, at: 2000)
        #expect(outcome.error?.contains("# EOF") == true)
        #expect(try target.samples("a_total") == ["{} 1 @1000", "{} stale @2000"])
    }

    /// Random pages against a plain model: what is on the page is in the store, what has gone is stale at its time.
    @Test func randomPagesLeaveWhatAModelSays() throws {
        var random = SeededGenerator.announced()
        let target = try Pages("")
        var expected: [String: [String]] = [:]
        var before: Set<String> = []
        for round in 1...60 {
            let atMs = Int64(round) * 1000
            var lines = (0..<20).filter { _ in Int.random(in: 0..<10, using: &random) < 8 }.map { "m\($0)" }
            if round % 7 == 0 { lines.shuffle(using: &random) }
            let isFlawed = round % 11 == 0
            var page = ""
            for line in lines {
                let value = Int.random(in: 0..<1000, using: &random)
                page += (round % 5 == 0 ? "# HELP \(line) x\n" : "") + "\(line){a=\"b\"} \(value)\n"
                if !isFlawed { expected[line, default: []].append("{a=b} \(value) @\(atMs)") }
            }
            if isFlawed { page += "!\n" }
            let now = isFlawed ? [] : Set(lines)
            for gone in before.subtracting(now) { expected[gone, default: []].append("{a=b} stale @\(atMs)") }
            before = now
            try target.take(page, at: atMs)
        }
        for (metric, samples) in expected { #expect(try target.samples(metric) == samples, "\(metric)") }
    }
}

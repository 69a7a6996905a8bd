import Glibc
import Posix
import TestSupport
import Testing

@testable import Agent

@Suite("The page of a host")
struct HostMetricsTests {
    private static func page(_ metrics: HostMetrics) -> ReadPage {
        var bytes: [UInt8] = []
        metrics.append(to: &bytes)
        return ReadPage(String(decoding: bytes, as: UTF8.self))
    }

    /// A pipe that nobody writes to holds whoever opens it, as a dead mount does.
    @Test("comes in time although a collector hangs, and has that collector again when it no longer does")
    func hangs() throws {
        let directory = TemporaryDirectory()
        let pipe = directory.file("dead.prom")
        let made = unsafe mkfifo(pipe, 0o600)
        #expect(made == 0)
        let failures = Lock<[String]>([])
        let metrics = try HostMetrics(
            HostFiles(), isOn: ["textfile": true], settings: ["textfile": ["directory": directory.path]],
            patienceNs: 200_000_000
        ) { collector, reason in
            if collector == "textfile" { failures.withLock { $0.append(reason) } }
        }
        for _ in 0..<3 {
            let page = Self.page(metrics)
            #expect(page.samples[#"node_scrape_collector_success{collector="textfile"}"#] == 0)
            // Those before it and those behind it in the list are there.
            #expect(page.samples[#"node_scrape_collector_success{collector="cpu"}"#] == 1)
            #expect(page.samples[#"node_scrape_collector_success{collector="uname"}"#] == 1)
            #expect(page.samples["node_textfile_scrape_error"] == nil)
        }
        #expect(failures.withLock { $0.count } == 3)
        #expect(failures.withLock { $0.allSatisfy { $0.hasPrefix("no answer for") } })
        let writer = unsafe open(pipe, O_WRONLY)
        let text = "woken 1\n"
        let written = unsafe write(writer, text, text.utf8.count)
        #expect(written == text.utf8.count)
        close(writer)
        unsafe unlink(pipe)
        let deadline = SystemTime().monotonicNs + 30_000_000_000
        while SystemTime().monotonicNs < deadline {
            let page = Self.page(metrics)
            if page.samples["node_textfile_scrape_error"] == 0 { return }
            usleep(10_000)
        }
        Issue.record("the collector did not come back")
    }

    @Test("adds the labels of an integration to all of its samples")
    func constantLabels() {
        var page = MetricPage(labels: [("place", "a\"b")])
        let family = page.family("x", .gauge, "X.")
        page.add(family, 1)
        page.add(family, 2, "k", "v")
        page.add(family, 3, [("k", "v"), ("l", "w")])
        var bytes: [UInt8] = []
        page.append(to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "# HELP x X.\n# TYPE x gauge\nx{place=\"a\\\"b\"} 1\nx{place=\"a\\\"b\",k=\"v\"} 2\n"
                + "x{place=\"a\\\"b\",k=\"v\",l=\"w\"} 3\n")
    }

    /// What node_exporter's own tests give it to read, and what it makes of it.
    @Test(
        "shows what other programs wrote to files as node_exporter does",
        .enabled(if: NodeExporterFixtures.folder != nil, "OBS_CONFORMANCE names no folder with its tree"),
        arguments: [
            "no_metric_files", "two_metric_files", "different_metric_types", "client_side_timestamp", "histogram",
            "histogram_extra_dimension", "summary", "summary_extra_dimension", "inconsistent_metrics",
            "metrics_merge_empty_help", "metrics_merge_no_help", "metrics_merge_same_help",
            "metrics_merge_different_help",
        ])
    func textfiles(_ name: String) throws {
        let directory = TemporaryDirectory()
        try NodeExporterFixtures.unpack(into: directory.path)
        let root = directory.file("fixtures")
        let metrics = try HostMetrics(
            HostFiles(), [TextfileCollector.definition],
            settings: ["textfile": ["directory": "\(root)/textfile/\(name)"]])
        var page: [UInt8] = []
        metrics.append(to: &page)
        let ours = ReadPage(String(decoding: page, as: UTF8.self).replacing(", ", with: ","))
        let bytes = try LocalFileSystem().readFile("\(root)/textfile/\(name).out", atMostBytes: 1 << 20)
        // Labels that are empty mean nothing; node_exporter writes them, so that all samples have the same names.
        let text = String(decoding: bytes, as: UTF8.self).replacing(/[a-z_]+="",?/, with: "")
        var theirs = ReadPage(text)
        // Where a summary has neither sum nor count, node_exporter makes up both.
        for part in ["sum", "count"] {
            theirs.samples[
                #"prometheus_rule_evaluation_duration_seconds_\#(part){handler="foo",rule_type="alerting"}"#] = nil
        }
        for (series, value) in theirs.samples where !series.hasPrefix("node_textfile_mtime") {
            #expect(ours.samples[series.replacing("{}", with: "")] == value, "\(series)")
            #expect(ours.kinds[ReadPage.name(series)] == theirs.kinds[ReadPage.name(series)], "\(series)")
        }
        let own = ours.samples.keys.filter { !$0.hasPrefix("node_scrape_") && !$0.hasPrefix("node_textfile_mtime") }
        #expect(own.count == theirs.samples.keys.filter { !$0.hasPrefix("node_textfile_mtime") }.count)
    }
}

@Suite("Patterns of paths")
struct FileGlobTests {
    @Test("find files through wildcards in every part")
    func expands() throws {
        let directory = TemporaryDirectory()
        let files = LocalFileSystem()
        for path in ["a/x.log", "a/b/y.log", "a/b/c/z.log", "a/.hidden/h.log", "d/x.txt"] {
            try files.createDirectories(FilePath.parent(of: directory.file(path)))
            try files.replaceFile(directory.file(path), with: [UInt8]().span)
        }
        func found(_ pattern: String) throws -> [String] {
            try #require(FileGlob(directory.file(pattern))).paths().map {
                String($0.dropFirst(directory.path.count + 1))
            }
        }
        #expect(try found("a/x.log") == ["a/x.log"])
        #expect(try found("a/missing.log") == [])
        #expect(try found("*/x.*") == ["a/x.log", "d/x.txt"])
        #expect(try found("a/*/*.log") == ["a/b/y.log"])
        #expect(try found("a/.*/*.log") == ["a/.hidden/h.log"])
        #expect(try found("**/*.log") == ["a/b/c/z.log", "a/b/y.log", "a/x.log"])
        #expect(try found("a/**/z.log") == ["a/b/c/z.log"])
        #expect(FileGlob("relative/*.log") == nil)
        #expect(FileGlob("/a/[x") == nil)
        let folders = try #require(FileGlob(directory.file("a/**/*.log"))).folders()
        #expect(folders == Set(["a", "a/b", "a/b/c"].map { directory.file($0) }))
    }
}

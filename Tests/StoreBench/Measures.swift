import Foundation
import Model
import Storage
import TSDB
import Telemetry

private func report(_ name: String, _ value: Double) { print(name, String(format: "%.4f", value)) }

private func seconds(_ clock: clockid_t) -> Double {
    var now = timespec()
    unsafe clock_gettime(clock, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// A field of /proc/self: kilobytes of `status`, bytes of `io`.
private func field(_ file: String, _ name: String) throws -> Double {
    let text = try String(contentsOfFile: "/proc/self/\(file)", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return Double(line?.split(whereSeparator: { " \t".contains($0) })[1] ?? "") ?? 0
}

private func settle(_ store: TimeSeriesStore) throws {
    try store.flush()
    while try store.mergeOnce() {}
}

private func options(_ registry: Registry) -> StoreOptions {
    var options = StoreOptions()
    options.metrics = registry
    return options
}

/// 27,000 series, 400 scrapes.
func measureIngest(_ directory: String) throws {
    let registry = Registry()
    let store = try TimeSeriesStore(directory: directory, options: options(registry))
    var fleet = Fleet(series: 27_000)
    let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
    for _ in 0..<400 { try fleet.scrape(into: store) }
    try settle(store)
    let samples = Double(fleet.samples)
    report("cpu_seconds_per_million", (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / samples * 1e6)
    report("bytes_written_per_sample", try field("io", "wchar") / samples)
    report("bytes_at_rest_per_sample", Double(store.storedBytes) / samples)
    report("peak_rss_mib", try field("status", "VmHWM") / 1024)
    reportRewrites(registry, samples)
    try store.close()
}

/// What the store counts as rewritten by merges.
private func reportRewrites(_ registry: Registry, _ samples: Double) {
    for family in registry.families where family.name == "obs_tsdb_samples_merged_total" {
        family.forEachSample { _, _, value in report("rewrites_per_sample", value / samples) }
    }
}

/// A recording of remote_write bodies, taken as the collector would, then scanned from the parts that it became.
func measureReplay(_ recording: String, _ directory: String) throws {
    var bodies = try RecordedBodies(directory: recording)
    let registry = Registry()
    let store = try TimeSeriesStore(directory: directory, options: options(registry))
    var intake = BodyIntake(store)
    let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
    while true {
        let round = bodies.nextRound()
        if round.isEmpty { break }
        for body in round { try intake.take(body) }
    }
    try settle(store)
    let samples = Double(intake.samples)
    report("samples", samples)
    report("cpu_seconds_per_million", (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / samples * 1e6)
    report("bytes_written_per_sample", try field("io", "wchar") / samples)
    report("bytes_at_rest_per_sample", Double(store.storedBytes) / samples)
    report("peak_rss_mib", try field("status", "VmHWM") / 1024)
    reportRewrites(registry, samples)
    try store.close()
    try measureReopened(directory, samples: intake.samples)
}

/// Opens what is at rest, and reads all of it for three seconds: the fastest time counts, because whatever else runs takes
/// caches and memory away.
private func measureReopened(_ directory: String, samples: Int) throws {
    let opening = seconds(CLOCK_MONOTONIC)
    var options = StoreOptions()
    options.hasBackgroundThreads = false
    let store = try TimeSeriesStore(directory: directory, options: options)
    report("rest_ready_seconds", seconds(CLOCK_MONOTONIC) - opening)
    var best = 0.0
    let end = seconds(CLOCK_PROCESS_CPUTIME_ID) + 3
    while seconds(CLOCK_PROCESS_CPUTIME_ID) < end {
        let selection = try store.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
        let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
        let found = try count(selection)
        precondition(found == samples, "BUG: \(found) of \(samples) samples")
        best = max(best, Double(samples) / (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e6)
    }
    report("scan_million_per_second", best)
    try store.close()
}

/// A million series for ten minutes of their time, then ten million more that come and go in an hour.
func measureWide(_ directory: String) throws {
    let store = try TimeSeriesStore(directory: directory)
    var fleet = Fleet(series: 1_000_000)
    let anonymous = try anonymousMiB(scrapes: 40, last: 20) { try fleet.scrape(into: store) }
    report("million_peak_rss_mib", try field("status", "VmHWM") / 1024)
    report("million_anonymous_mib", anonymous)
    try measureOne(store)
    let later = try anonymousMiB(scrapes: 240, last: 60) { try fleet.scrape(into: store, replacing: 10.0 / 240) }
    report("series_made", Double(fleet.series))
    report("churn_anonymous_mib", later)
    report("churn_growth", later / anonymous)
    report("cpu_seconds_per_million", seconds(CLOCK_PROCESS_CPUTIME_ID) / Double(fleet.samples) * 1e6)
    try store.close()
}

/// The median after each of the last scrapes: a single one depends on how full the head just is, and on whether a merge of
/// label segments runs.
private func anonymousMiB(scrapes: Int, last: Int, _ scrape: () throws -> Void) throws -> Double {
    var found: [Double] = []
    for _ in 0..<scrapes {
        try scrape()
        found.append(try field("status", "RssAnon") / 1024)
    }
    return found.suffix(last).sorted()[last / 2]
}

/// Three million samples in the log.
func measureRecovery(_ directory: String) throws {
    var options = StoreOptions()
    options.hasBackgroundThreads = false
    options.flushSamples = 100 << 20
    let store = try TimeSeriesStore(directory: directory, options: options)
    var fleet = Fleet(series: 27_000)
    while fleet.samples < 3_000_000 { try fleet.scrape(into: store) }
    store.abandon()
    let start = seconds(CLOCK_MONOTONIC)
    let reopened = try TimeSeriesStore(directory: directory, options: options)
    report("log_ready_seconds", seconds(CLOCK_MONOTONIC) - start)
    let selection = try reopened.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
    report("samples_missing", Double(fleet.samples - (try count(selection))))
    try reopened.close()
}

/// Patterns that are no lists of names, over a label of 100,000 values in one segment.
func measureRegex(_ directory: String) throws {
    var options = StoreOptions()
    options.hasBackgroundThreads = false
    let store = try TimeSeriesStore(directory: directory, options: options)
    var batch = SampleBatch()
    for number in 0..<100_000 {
        let labels = Labels([(Labels.metricName, "requests_total"), ("path", "/api/v\(number % 7)/items/\(number)")])
        batch.append(labels, [(timestampMs: 1_790_000_000_000, value: 1)])
    }
    _ = try store.append(&batch)
    try store.flush()
    for (name, pattern) in [("suffix", ".*77"), ("class", "/api/v[135]/.*[02468]"), ("middle", ".*items/99.*5")] {
        let matcher = try Matcher("path", .matches, pattern)
        var best = Double.infinity
        for _ in 0..<10 {
            let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
            let selection = try store.select(SelectRequest(matchers: [matcher], startMs: .min, endMs: .max))
            precondition(selection.count > 100, "BUG: \(selection.count) series")
            best = min(best, seconds(CLOCK_PROCESS_CPUTIME_ID) - start)
        }
        report("regex_\(name)_ms", best * 1e3)
    }
    try store.close()
}

/// 27,000 series, 400 scrapes, read back.
func measureScan(_ directory: String) throws {
    var options = StoreOptions()
    options.hasBackgroundThreads = false
    var fleet = Fleet(series: 27_000)
    let writing = try TimeSeriesStore(directory: directory, options: options)
    for _ in 0..<400 {
        try fleet.scrape(into: writing)
        if fleet.samples % 2_160_000 == 0 { try settle(writing) }
    }
    try writing.close()
    try measureReopened(directory, samples: fleet.samples)
}

private func measureOne(_ store: TimeSeriesStore) throws {
    let matchers = [
        Matcher(Labels.metricName, equals: "bench_metric_77_total"), Matcher("instance", equals: "host-123:9100"),
        Matcher("device", equals: "dev0"),
    ]
    var best = Double.infinity
    for _ in 0..<10 {
        let start = seconds(CLOCK_MONOTONIC)
        let selection = try store.select(SelectRequest(matchers: matchers, startMs: .min, endMs: .max))
        precondition(selection.count == 1, "BUG: \(selection.count) series")
        best = min(best, seconds(CLOCK_MONOTONIC) - start)
    }
    report("one_of_a_million_ms", best * 1e3)
}

private func count(_ selection: any SeriesSelection) throws -> Int {
    var block = SeriesBlock()
    var samples = 0
    for start in stride(from: 0, to: selection.count, by: 500) {
        try selection.read(start..<min(selection.count, start + 500), into: &block)
        samples += block.values.count
    }
    return samples
}

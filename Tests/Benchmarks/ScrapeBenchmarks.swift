import Encoding
import Ingest
import Model
import Storage
import Telemetry
import TestSupport

/// A page of 1,500 series whose values change, as the scraper meets it again and again: lines are recognised, values
/// read, and the batch handed over.
func scrapeBenchmarks() -> [Benchmark] {
    let report = ConfigurationReport()
    let reader = YAMLReader(file: "bench", report: report)
    let section = reader.section(reader.document(Array("{job_name: j}".utf8).span)!, "job")!
    let settings = PageSettings(
        ScrapeOptions(section, defaults: ScrapeDefaults()), Labels([("instance", "a:1"), ("job", "j")]))
    let store = ForgetfulStore()
    let intake = MetricIntake("bench", store: store, registry: Registry())
    var pages = TargetPages(settings, intake, keySeed: Hash128(low: 1, high: 2))
    let bodies = (0..<4).map { page(seed: UInt64($0)) }
    var round = 0
    return [
        Benchmark("page of 1,500 known series, \(bodies[0].count / 1500) B each", .items(1500)) {
            round += 1
            let body = bodies[round % 4]
            _ = try pages.take(body.span, .text, atMs: Int64(round) * 1000) { 0 }
        }
    ]
}

private func page(seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var text = ""
    for family in 0..<150 {
        text +=
            "# HELP node_family_\(family)_total What the family counts.\n# TYPE node_family_\(family)_total counter\n"
        for series in 0..<10 {
            let value =
                series % 3 == 0
                ? "\(Double.random(in: 0..<1000, using: &random))" : "\(Int.random(in: 0..<1_000_000, using: &random))"
            text +=
                "node_family_\(family)_total{cpu=\"\(series)\",mode=\"idle\",device=\"/dev/sda\(series)\"} \(value)\n"
        }
    }
    return Array(text.utf8)
}

/// Gives references and keeps nothing.
private final class ForgetfulStore: MetricStore {
    func resolve(_ batch: inout SampleBatch) {}

    func append(_ batch: inout SampleBatch) throws(StorageError) -> AppendOutcome {
        for index in batch.series.indices where batch.series[index].reference == .unresolved {
            batch.series[index].reference = SampleBatch.Reference(UInt64(index) + 1)
        }
        var outcome = AppendOutcome()
        outcome.acceptedSamples = batch.values.count
        return outcome
    }

    func select(_ request: SelectRequest) throws(StorageError) -> any SeriesSelection { throw .cancelled }
    func labelNames(_ request: LabelRequest) throws(StorageError) -> [String] { [] }
    func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String] { [] }
    func series(_ request: LabelRequest) throws(StorageError) -> [Labels] { [] }
    func exemplars(_ request: LabelRequest) throws(StorageError) -> [SeriesExemplars] { [] }
    func metadata(family: String?, limit: Int) throws(StorageError) -> [MetricMetadata] { [] }
    func statistics(limit: Int) throws(StorageError) -> StoreStatistics { throw .cancelled }
    func delete(_ request: LabelRequest) throws(StorageError) {}
}

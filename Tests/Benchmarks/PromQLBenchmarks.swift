import Model
import Posix
import PromQL
import Storage

/// The engine over series that are made up while they are read, so that the store's own cost is small and the same.
func promQLBenchmarks() -> [Benchmark] {
    let targets = 20
    let perTarget = 100
    let samples = 1440
    let store = MadeUpStore(targets: targets, perTarget: perTarget, samples: samples, intervalMs: 15_000)
    let read = targets * perTarget * samples
    func range(_ query: String) -> Benchmark {
        Benchmark("PromQL 6 h / 30 s, 2,000 series: \(query)", .items(read)) {
            let workers = try Workers(helpers: 0)
            defer { workers.stop() }
            let engine = Engine(store: store, workers: workers)
            keep(
                try engine.range(
                    try Parser.parse(query), startMs: 300_000, endMs: 21_600_000, stepMs: 30_000))
        }
    }
    func instant(_ query: String) -> Benchmark {
        Benchmark("PromQL instant, 2,000 series: \(query)", .items(targets * perTarget)) {
            let workers = try Workers(helpers: 0)
            defer { workers.stop() }
            keep(try Engine(store: store, workers: workers).instant(try Parser.parse(query), atMs: 21_600_000))
        }
    }
    return [
        range("m_total"), range("rate(m_total[5m])"), range("sum by (instance) (rate(m_total[5m]))"),
        range("sum(m_total)"), range("max by (series) (m_total)"), range("max_over_time(m_total[5m])"),
        range("avg_over_time(m_total[1h])"), range("quantile_over_time(0.9, m_total[10m])"),
        range("m_total / on(instance, series) m_total"), range("topk(5, rate(m_total[5m]))"),
        instant("m_total"), instant("sum by (instance) (m_total)"), instant("rate(m_total[5m])"),
    ]
}

/// Series of targets that were scraped together: they share their timestamps.
private final class MadeUpStore: MetricStore {
    fileprivate let labels: [Labels]
    fileprivate let perTarget: Int
    fileprivate let times: [Int64]
    fileprivate let values: [Double]

    init(targets: Int, perTarget: Int, samples: Int, intervalMs: Int64) {
        self.perTarget = perTarget
        labels = (0..<targets * perTarget).map { index in
            Labels([
                ("__name__", "m_total"), ("instance", "host-\(index / perTarget)"), ("job", "node"),
                ("series", "\(index % perTarget)"),
            ])
        }
        times = (0..<samples).map { Int64($0) * intervalMs + 7 }
        values = (0..<samples).map { Double($0 * 37 % 1000) + Double($0) * 100 }
    }

    func select(_ request: SelectRequest) throws(StorageError) -> any SeriesSelection { Selection(self, request) }

    private final class Selection: SeriesSelection {
        private let store: MadeUpStore
        private let range: Range<Int>

        init(_ store: MadeUpStore, _ request: SelectRequest) {
            self.store = store
            let first = store.times.firstIndex { $0 >= request.startMs } ?? store.times.count
            range = first..<max(first, store.times.firstIndex { $0 > request.endMs } ?? store.times.count)
        }

        var count: Int { store.labels.count }
        var samplesEstimate: Int { count * range.count }

        func labels(_ series: Range<Int>, into block: inout LabelBlock) throws(StorageError) {
            block.removeAll()
            for index in series { block.append(store.labels[index]) }
        }

        func read(_ series: Range<Int>, into block: inout SeriesBlock) throws(StorageError) {
            block.removeAll()
            var target = -1
            for index in series {
                if index / store.perTarget != target {
                    target = index / store.perTarget
                    block.timestampsMs += store.times[range]
                }
                block.floats.append(
                    SeriesBlock.Floats(
                        timestampStart: block.timestampsMs.count - range.count, valueStart: block.values.count,
                        count: range.count))
                block.values += store.values[range]
                block.histogramOffsets.append(0)
            }
        }
    }

    func resolve(_ batch: inout SampleBatch) {}
    func append(_ batch: inout SampleBatch) throws(StorageError) -> AppendOutcome { AppendOutcome() }
    func labelNames(_ request: LabelRequest) throws(StorageError) -> [String] { [] }
    func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String] { [] }
    func series(_ request: LabelRequest) throws(StorageError) -> [Labels] { labels }
    func exemplars(_ request: LabelRequest) throws(StorageError) -> [SeriesExemplars] { [] }
    func metadata(family: String?, limit: Int) throws(StorageError) -> [MetricMetadata] { [] }
    func statistics(limit: Int) throws(StorageError) -> StoreStatistics { StoreStatistics() }
    func delete(_ request: LabelRequest) throws(StorageError) {}
}

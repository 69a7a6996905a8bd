import Model
import Storage
import TSDB
import TestSupport

/// The implementations that keep the promises of the seam. A new one adds a case.
enum StoreKind: CaseIterable {
    case memory
    /// Samples are read from the head.
    case embedded
    /// Samples are read from parts.
    case embeddedParts

    func make() throws -> StoreUnderTest {
        switch self {
        case .memory: return StoreUnderTest(store: MemoryMetricStore(), directory: nil, settle: {}, end: {})
        case .embedded, .embeddedParts:
            let directory = TemporaryDirectory()
            var options = StoreOptions()
            options.hasBackgroundThreads = false
            options.freeBytesMin = 0
            let store = try TimeSeriesStore(directory: directory.file("data"), options: options)
            let flushes = self == .embeddedParts
            return StoreUnderTest(store: store, directory: directory) {
                if flushes { try store.flush() }
            } end: {
                store.abandon()
            }
        }
    }
}

/// A store with what the tests need around it.
final class StoreUnderTest {
    let store: any MetricStore
    private let directory: TemporaryDirectory?
    /// Brings what was appended to where this kind reads it.
    let settle: () throws -> Void
    private let end: () -> Void

    init(
        store: any MetricStore, directory: TemporaryDirectory?, settle: @escaping () throws -> Void,
        end: @escaping () -> Void
    ) {
        self.store = store
        self.directory = directory
        self.settle = settle
        self.end = end
    }

    deinit { end() }

    @discardableResult
    func append(_ labels: Labels, _ samples: (Int64, Double)...) throws -> AppendOutcome {
        var batch = SampleBatch()
        batch.append(labels, samples.map { (timestampMs: $0.0, value: $0.1) })
        let outcome = try store.append(&batch)
        try settle()
        return outcome
    }

    func select(
        _ matchers: [Matcher] = [], _ startMs: Int64 = .min, _ endMs: Int64 = .max, sorted: Bool = true
    ) throws -> any SeriesSelection {
        var request = SelectRequest(matchers: matchers, startMs: startMs, endMs: endMs)
        request.sorted = sorted
        return try store.select(request)
    }

    /// Series with their samples, in the order of the selection; those without samples are left out.
    func read(_ selection: any SeriesSelection) throws -> [ReadSeries] {
        var labels = LabelBlock()
        var block = SeriesBlock()
        try selection.labels(0..<selection.count, into: &labels)
        try selection.read(0..<selection.count, into: &block)
        return (0..<selection.count).compactMap { index in
            let floats = block.floats[index]
            let places = 0..<floats.count
            let histograms = block.histograms[block.histogramOffsets[index]..<block.histogramOffsets[index + 1]]
            guard !places.isEmpty || !histograms.isEmpty else { return nil }
            return ReadSeries(
                labels: labels.labels(index),
                timesMs: places.map { block.timestampsMs[floats.timestampStart + $0] },
                bits: places.map { block.values[floats.valueStart + $0].bitPattern },
                startsMs: block.startTimestampsMs.isEmpty
                    ? [] : places.map { block.startTimestampsMs[floats.valueStart + $0] },
                histograms: Array(histograms))
        }
    }

    func read(_ matchers: [Matcher] = [], _ startMs: Int64 = .min, _ endMs: Int64 = .max) throws -> [ReadSeries] {
        try read(try select(matchers, startMs, endMs))
    }
}

struct ReadSeries: Equatable {
    var labels: Labels
    var timesMs: [Int64]
    var bits: [UInt64]
    var startsMs: [Int64] = []
    var histograms: [SampleBatch.Histogram] = []

    init(
        labels: Labels, timesMs: [Int64], bits: [UInt64], startsMs: [Int64] = [],
        histograms: [SampleBatch.Histogram] = []
    ) {
        self.labels = labels
        self.timesMs = timesMs
        self.bits = bits
        self.startsMs = startsMs
        self.histograms = histograms
    }

    init(_ labels: Labels, _ samples: (Int64, Double)...) {
        self.init(labels: labels, timesMs: samples.map(\.0), bits: samples.map(\.1.bitPattern))
    }
}

func series(_ name: String, _ pairs: (String, String)...) -> Labels {
    Labels([(name: Labels.metricName, value: name)] + pairs.map { (name: $0.0, value: $0.1) })
}

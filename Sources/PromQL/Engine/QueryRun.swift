import Model
import Posix
import Storage
import Synchronization

/// How the engine answers, apart from what is asked.
package struct EngineOptions: Sendable {
    package var features = LanguageFeatures.all
    /// For how long a sample stands for its series where no newer one is.
    package var lookbackMs: Int64 = 300_000
    /// The step of subqueries that name none.
    package var defaultSubqueryStepMs: Int64 = 60_000
    /// Samples and cells that one query may hold in memory at once.
    package var samplesMax = 50_000_000
    /// Bytes that one query may hold in memory at once.
    package var memoryMaxBytes = 1 << 30
    /// What a query may be estimated to hold, in parts of what it may hold, and still be tried: estimates are rough.
    package var estimateTolerance = 4
    package var seriesMax = 10_000_000
    package var timeoutMs: Int64 = 120_000
    /// Samples and cells from which on other threads help; waking them takes about 40 us.
    package var helpFrom = 40_000
    /// Whether the samples that are looked at are counted for each instant.
    package var countsSamples = false

    package init() {}
}

/// What all threads that work on one query share.
final class QueryRun: Sendable {
    let store: any MetricStore
    let logs: ForeignSelector?
    let options: EngineOptions
    let workers: Workers
    let ledger: QueryLedger
    let spareBlocks: SpareBlocks
    let progress: QueryProgress
    private let clock: any TimeSource
    private let deadlineNs: Int64

    init(
        store: any MetricStore, logs: ForeignSelector?, options: EngineOptions, workers: Workers, memory: QueryMemory,
        spareBlocks: SpareBlocks, progress: QueryProgress, clock: any TimeSource
    ) {
        self.store = store
        self.logs = logs
        self.options = options
        self.workers = workers
        self.spareBlocks = spareBlocks
        self.progress = progress
        self.clock = clock
        ledger = QueryLedger(
            memory: memory, bytesMax: options.memoryMaxBytes, samplesMax: options.samplesMax, progress: progress)
        deadlineNs = clock.monotonicNs + options.timeoutMs * 1_000_000
    }

    var nowNs: Int64 { clock.monotonicNs }

    /// Ends a query that nobody waits for any more, or that takes too long. Called once for each block.
    func check() throws(QueryError) {
        if progress.cancellation.isRaised {
            throw .cancelled
        }
        if clock.monotonicNs > deadlineNs {
            throw QueryError(.timeout, "query timed out in expression evaluation")
        }
    }

    /// A sample is a time and a value; a histogram's buckets are counted as samples.
    static let sampleBytes = 16
    static let cellBytes = 8

    func hold(samples count: Int) throws(QueryError) {
        try ledger.hold(bytes: count * Self.sampleBytes, samples: count)
    }

    /// Cells of rows that are kept.
    func hold(cells count: Int) throws(QueryError) {
        try ledger.hold(bytes: count * Self.cellBytes, samples: count)
    }

    func release(samples count: Int) { ledger.release(bytes: count * Self.sampleBytes, samples: count) }

    func select(_ request: SelectRequest) throws(QueryError) -> any SeriesSelection {
        var request = request
        request.cancellation = progress.cancellation
        request.seriesMax = options.seriesMax
        do throws(StorageError) {
            return try store.select(request)
        } catch {
            throw QueryError(error)
        }
    }
}

/// The selections of a query. Selectors that ask the same series over nearly the same time share one.
struct Selections: Sendable {
    private let all: [any SeriesSelection]
    private let places: [Int]

    /// About what a selected series takes while it is only selected.
    private static let seriesBytes = 48

    subscript(need: Int) -> any SeriesSelection { all[places[need]] }

    var series: Int { all.reduce(0) { $0 + $1.count } }
    var samplesEstimate: Int { all.reduce(0) { $0 + $1.samplesEstimate } }

    init(_ needs: [SelectorNeed], _ run: QueryRun) throws(QueryError) {
        var merged: [SelectorNeed] = []
        var places: [Int] = []
        for need in needs {
            if let place = merged.firstIndex(where: { Self.canShare($0, need) }) {
                merged[place].startMs = min(merged[place].startMs, need.startMs)
                merged[place].endMs = max(merged[place].endMs, need.endMs)
                merged[place].hints = SelectRequest.Hints()
                places.append(place)
            } else {
                merged.append(need)
                places.append(merged.count - 1)
            }
        }
        var all: [any SeriesSelection] = []
        for need in merged {
            var request = SelectRequest(matchers: need.matchers, startMs: need.startMs, endMs: need.endMs)
            request.hints = need.hints
            let selection = try run.select(request)
            try run.ledger.hold(bytes: selection.count * Self.seriesBytes)
            all.append(selection)
        }
        self.all = all
        self.places = places
    }

    /// Sharing reads the union of both times for each of them: worth it where that is hardly more.
    private static func canShare(_ a: SelectorNeed, _ b: SelectorNeed) -> Bool {
        guard a.matchers.count == b.matchers.count,
            zip(a.matchers, b.matchers).allSatisfy({ $0 == $1 })
        else { return false }
        let union = max(a.endMs, b.endMs) - min(a.startMs, b.startMs)
        let shorter = min(a.endMs - a.startMs, b.endMs - b.startMs)
        return union <= shorter + shorter / 4 + 1000
    }
}

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
    package var seriesMax = 10_000_000
    package var timeoutMs: Int64 = 120_000
    /// Samples and cells from which on other threads help; waking them takes about 40 us.
    package var helpFrom = 100_000

    package init() {}
}

/// What all threads that work on one query share.
final class QueryRun: Sendable {
    let store: any MetricStore
    let options: EngineOptions
    let workers: Workers
    let cancellation: Cancellation
    private let clock: any TimeSource
    private let deadlineNs: Int64
    private let samples = Atomic<Int>(0)
    private let samplesPeak = Atomic<Int>(0)
    let samplesRead = Atomic<Int>(0)

    init(
        store: any MetricStore, options: EngineOptions, workers: Workers, cancellation: Cancellation,
        clock: any TimeSource
    ) {
        self.store = store
        self.options = options
        self.workers = workers
        self.cancellation = cancellation
        self.clock = clock
        deadlineNs = clock.monotonicNs + options.timeoutMs * 1_000_000
    }

    /// Ends a query that nobody waits for any more, or that takes too long. Called once for each block.
    func check() throws(QueryError) {
        if cancellation.isRaised {
            throw QueryError(.cancelled, "query was canceled in expression evaluation")
        }
        if clock.monotonicNs > deadlineNs {
            throw QueryError(.timeout, "query timed out in expression evaluation")
        }
    }

    /// Takes samples or cells out of the query's budget.
    func reserve(_ count: Int) throws(QueryError) {
        let held = samples.wrappingAdd(count, ordering: .relaxed).newValue
        if held > samplesPeak.load(ordering: .relaxed) { samplesPeak.store(held, ordering: .relaxed) }
        if held > options.samplesMax {
            throw QueryError(
                .limit,
                "query processing would load too many samples into memory in query execution: more than \(options.samplesMax)"
            )
        }
    }

    func release(_ count: Int) { samples.wrappingSubtract(count, ordering: .relaxed) }

    var peakSamples: Int { samplesPeak.load(ordering: .relaxed) }

    func select(_ request: SelectRequest) throws(QueryError) -> any SeriesSelection {
        var request = request
        request.cancellation = cancellation
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

    subscript(need: Int) -> any SeriesSelection { all[places[need]] }

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
            all.append(try run.select(request))
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

import Encoding
package import HTTP
import Model
package import Posix
package import PromQL
package import Telemetry

/// Runs the queries of the API: short ones at once, long ones in a lane of their own at lower priority, so that a
/// dashboard over a month never makes a light question wait. Lists them while they run, measures them and logs slow ones.
package final class QueryService: Sendable {
    package struct Options: Sendable {
        /// Threads for queries that are soon done, and for all parsing and planning.
        package var quickThreads = 16
        package var quickWaitingMax = 1024
        /// Long queries at once; more only take memory and time from each other.
        package var longThreads = 4
        package var longWaitingMax = 1024
        /// From this cost on, in samples, a query is a long one: about a millisecond of work.
        package var longFrom = 50_000
        /// Queries that one principal may have waiting and running.
        package var perPrincipalMax = 1024
        /// What the queries of one principal may hold together.
        package var principalShare = PrincipalShare.Limits()
        /// A query that takes longer is logged; zero logs every query, nil none.
        package var slowAfterMs: Int64? = 10_000
        /// Bytes of results that are kept; zero keeps none.
        package var cacheBytes = 0

        package init() {}
    }

    /// What a request asks for, read from its parameters.
    struct Asked: Sendable {
        var text: String
        var expression: Expression
        var startMs: Int64
        var endMs: Int64
        /// Nil for an instant query.
        var stepMs: Int64?
        var lookbackMs: Int64?
        /// Shorter than the engine's own, or it has no effect.
        var timeoutMs: Int64?
        /// The most series to answer with.
        var limit: Int?
        var statistics: WantedStatistics
    }

    enum WantedStatistics: Sendable {
        case none, totals
        /// The samples of each instant as well.
        case all
    }

    package let running: RunningQueries
    let engine: Engine
    let options: Options
    let quick: HandlerPool
    let long: HandlerPool
    let figures: QueryFigures
    private let cache: RangeCache?
    private let log: Logger
    let time: any TimeSource

    /// A query over more series is planned in the lane of long ones: to select them is work already.
    private static let quickSeriesMax = 5000
    /// What is answered at once: of so many series, at less than this cost in samples.
    private static let pointedSeriesMax = 20
    private static let pointedBelow = 10_000
    /// Series up to which a query keeps what it has selected while others wait before it; larger selections are made
    /// again in their turn.
    private static let seriesKeptMax = 1000
    /// A query that held more leaves much that the allocator would keep.
    static let largeBytes = 32 << 20

    package init(
        engine: Engine, options: Options = Options(), registry: Registry, log: Logger, time: any TimeSource
    ) throws(SystemError) {
        self.engine = engine
        self.options = options
        (self.log, self.time) = (log, time)
        running = RunningQueries(
            perPrincipalMax: options.perPrincipalMax, shareLimits: options.principalShare, time: time)
        quick = try HandlerPool(
            name: "query", threads: options.quickThreads, waitingMax: options.quickWaitingMax, standing: .prompt)
        do throws(SystemError) {
            long = try HandlerPool(
                name: "long-query", threads: options.longThreads, waitingMax: options.longWaitingMax,
                standing: .low)
        } catch {
            quick.stop()
            throw error
        }
        figures = QueryFigures(registry, running, engine.memory)
        cache = options.cacheBytes > 0 ? RangeCache(limitBytes: options.cacheBytes, registry: registry) : nil
    }

    /// The threads for questions that are soon answered, labels and series among them.
    package var pool: HandlerPool { quick }

    /// The threads for what may take long.
    package var longPool: HandlerPool { long }

    /// After the server has stopped taking requests.
    package func stop() {
        quick.stop()
        long.stop()
    }

    /// - Parameter isShort: whether to read the question takes next to no time.
    func answer(
        _ response: inout Response, principal: String, isShort: Bool,
        _ read: @escaping @Sendable () throws(APIError) -> Asked
    ) {
        if isShort {
            let asked = try? read()  // the pool finds the error again and tells it
            if let asked, asked.expression.isPointed {
                return beginAtOnce(Run(asked: asked, pending: response.later()), principal)
            }
        }
        quick.answer(&response) { [self] pending in
            do throws(APIError) {
                try begin(Run(asked: try read(), pending: pending), principal)
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }

    /// Where the request came in, as what it asks for is done in less time than a thread of the pool takes to wake up;
    /// more than that turns out to be work for the pool.
    private func beginAtOnce(_ run: Run, _ principal: String) {
        do throws(APIError) {
            let entry = try listed(run, principal)
            if let prepared = try? prepare(run.asked, seriesMax: Self.pointedSeriesMax, entry.progress),  // as above
                prepared.query.cost < Self.pointedBelow
            {
                return finish(run, entry, prepared)
            }
            if quick.run({ [self] in proceed(run, entry) }) { return }
            figures.refused.add()
            end(run, entry, .failure(QueryError.tooManyWaiting(options.quickWaitingMax)))
        } catch {
            APIAnswer.failure(run.pending, error)
        }
    }

    /// A query on its way.
    private struct Run: Sendable {
        let asked: Asked
        let pending: PendingResponse
    }

    private func begin(_ run: Run, _ principal: String) throws(APIError) {
        proceed(run, try listed(run, principal))
    }

    private func listed(_ run: Run, _ principal: String) throws(APIError) -> RunningQueries.Listed {
        let asked = run.asked
        let question = RunningQueries.Question(
            query: asked.text, principal: principal, startMs: asked.startMs, endMs: asked.endMs,
            stepMs: asked.stepMs ?? 0)
        guard let entry = running.begin(question) else {
            figures.refused.add()
            throw APIError(.unavailable, QueryError.tooManyOfOne(options.perPrincipalMax).message)
        }
        run.pending.onClientGone { entry.progress.cancellation.raise() }
        return entry
    }

    private func proceed(_ run: Run, _ entry: RunningQueries.Listed) {
        do throws(QueryError) {
            let prepared = try prepare(run.asked, seriesMax: Self.quickSeriesMax, entry.progress)
            if prepared.query.cost < options.longFrom { return finish(run, entry, prepared) }
            let isKept = prepared.query.series <= Self.seriesKeptMax || long.waiting == 0
            queue(run, entry, isKept ? prepared : nil)
        } catch {
            if error.kind == .limit { return queue(run, entry, nil) }
            end(run, entry, .failure(error))
        }
    }

    private func queue(_ run: Run, _ entry: RunningQueries.Listed, _ kept: Prepared?) {
        if long.run({ [self] in resume(run, entry, kept) }) { return }
        figures.refused.add()
        end(run, entry, .failure(QueryError.tooManyWaiting(options.longWaitingMax)))
    }

    /// A query, or the part of it that is not in the cache.
    private struct Prepared: Sendable {
        let query: PreparedQuery
        let visit: RangeCache.Visit?

        func run() throws(QueryError) -> QueryResult {
            let result = try query.run()
            return visit?.complete(result) ?? result
        }
    }

    private func prepare(
        _ asked: Asked, seriesMax: Int = .max, _ progress: QueryProgress
    ) throws(QueryError) -> Prepared {
        guard let stepMs = asked.stepMs else {
            return Prepared(
                query: try engine.prepareInstant(
                    asked.expression, atMs: asked.endMs, lookbackMs: asked.lookbackMs, timeoutMs: asked.timeoutMs,
                    seriesMax: seriesMax, countsSamples: asked.statistics != .none, progress), visit: nil)
        }
        let visit = visit(asked, stepMs: stepMs)
        return Prepared(
            query: try engine.prepareRange(
                asked.expression, startMs: visit?.missingStartMs ?? asked.startMs, endMs: asked.endMs, stepMs: stepMs,
                lookbackMs: asked.lookbackMs, timeoutMs: asked.timeoutMs, seriesMax: seriesMax,
                countsSamples: asked.statistics != .none, progress), visit: visit)
    }

    private func visit(_ asked: Asked, stepMs: Int64) -> RangeCache.Visit? {
        // Only work that is done can be told of.
        guard asked.statistics == .none, let cache, let mark = engine.settled else { return nil }
        return cache.visit(
            asked.expression, asked.text, startMs: asked.startMs, endMs: asked.endMs, stepMs: stepMs,
            lookbackMs: asked.lookbackMs ?? engine.options.lookbackMs, mark)
    }

    /// In the lane of long queries.
    private func resume(_ run: Run, _ entry: RunningQueries.Listed, _ kept: Prepared?) {
        do throws(QueryError) {
            if entry.progress.cancellation.isRaised { throw .cancelled }
            if time.monotonicNs - entry.begunNs > engine.options.timeoutMs * 1_000_000 { throw .timeoutInQueue }
            let prepared = if let kept { kept } else { try prepare(run.asked, entry.progress) }
            finish(run, entry, prepared)
        } catch {
            end(run, entry, .failure(error))
        }
        if entry.progress.peakBytes > Self.largeBytes { FreedMemory.giveBack() }
    }

    private func finish(_ run: Run, _ entry: RunningQueries.Listed, _ prepared: Prepared) {
        entry.state = .running
        let startedNs = time.monotonicNs
        do throws(QueryError) {
            let result = try prepared.run()
            entry.state = .sending
            let waitedNs = startedNs - entry.begunNs - result.statistics.prepareNs
            send(result, run, waitedNs: max(0, waitedNs))
            end(run, entry, .success(result))
        } catch {
            end(run, entry, .failure(error))
        }
    }

    private func send(_ result: QueryResult, _ run: Run, waitedNs: Int64) {
        let asked = run.asked
        let json = QueryResultJSON(
            result, limit: asked.limit, statistics: asked.statistics, waitedNs: waitedNs)
        let warnings = result.warnings(in: asked.text) + (json.isTruncated ? ["results truncated due to limit"] : [])
        APIAnswer.stream(run.pending, warnings: warnings, infos: result.infos(in: asked.text)) {
            json.write(to: &$0, passingOn: $1)
        }
    }

    private func end(_ run: Run, _ entry: RunningQueries.Listed, _ outcome: Result<QueryResult, QueryError>) {
        var failure: QueryError?
        if case .failure(let error) = outcome {
            failure = error
            APIAnswer.failure(run.pending, APIError(error))
        }
        running.end(entry)
        let tookNs = time.monotonicNs - entry.begunNs
        figures.note(failure, tookNs: tookNs, entry.progress)
        guard let slowAfterMs = options.slowAfterMs, tookNs >= slowAfterMs * 1_000_000 else { return }
        figures.slow.add()
        logSlow(entry, tookNs, failure?.message)
    }

    func logSlow(_ entry: RunningQueries.Listed, _ tookNs: Int64, _ failure: String?) {
        let question = entry.question
        log.warning(
            "slow query",
            [
                "query": .text(question.query), "principal": .text(question.principal),
                "start": .number(Double(question.startMs) / 1000), "end": .number(Double(question.endMs) / 1000),
                "step": .number(Double(question.stepMs) / 1000), "took": .nanoseconds(tookNs),
                "samples_read": .integer(entry.progress.samplesRead),
                "peak_bytes": .integer(entry.progress.peakBytes), "failure": .text(failure ?? ""),
            ])
    }
}

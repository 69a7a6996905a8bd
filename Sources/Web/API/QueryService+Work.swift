import HTTP
import Posix
import PromQL
import Telemetry

/// Queries of another language: in the same lanes, lists and bounds as PromQL's.
extension QueryService {
    /// What is answered, and how.
    struct Work: Sendable {
        var question: RunningQueries.Question
        /// Whether it may take more than a few milliseconds; asked on a thread of the quick lane.
        var isLong: @Sendable () -> Bool = { true }
        /// Answers; called on a thread of the lane.
        var run: @Sendable (PendingResponse, QueryProgress) throws(QueryError) -> Void
        var refuse: @Sendable (PendingResponse, QueryError) -> Void
    }

    func answer(_ response: inout Response, _ work: Work) {
        quick.answer(&response) { [self] pending in
            guard let entry = running.begin(work.question) else {
                figures.refused.add()
                return work.refuse(pending, .tooManyOfOne(options.perPrincipalMax))
            }
            pending.onClientGone { entry.progress.cancellation.raise() }
            if !work.isLong() { return perform(work, entry, pending) }
            if long.run({ [self] in perform(work, entry, pending) }) { return }
            figures.refused.add()
            work.refuse(pending, .tooManyWaiting(options.longWaitingMax))
            running.end(entry)
        }
    }

    private func perform(_ work: Work, _ entry: RunningQueries.Listed, _ pending: PendingResponse) {
        entry.state = .running
        var failure: QueryError?
        do throws(QueryError) {
            if entry.progress.cancellation.isRaised { throw .cancelled }
            if time.monotonicNs - entry.begunNs > engine.options.timeoutMs * 1_000_000 { throw .timeoutInQueue }
            try work.run(pending, entry.progress)
        } catch {
            failure = error
            work.refuse(pending, error)
        }
        running.end(entry)
        let tookNs = time.monotonicNs - entry.begunNs
        figures.note(failure, tookNs: tookNs, entry.progress)
        if let slowAfterMs = options.slowAfterMs, tookNs >= slowAfterMs * 1_000_000 {
            figures.slow.add()
            logSlow(entry, tookNs, failure?.message)
        }
        if entry.progress.peakBytes > Self.largeBytes { FreedMemory.giveBack() }
    }
}

extension QueryError {
    static func tooManyOfOne(_ limit: Int) -> QueryError {
        QueryError(
            .limit,
            "\(limit) queries of the same principal wait or run: ask again when some are done, or raise queries.per_principal_max"
        )
    }
}

import Encoding
import HTTP
package import Model
package import Posix
import Storage
import Synchronization
package import Telemetry

/// Scrapes every target of every job: one thread says when, one fetches (libcurl's multi interface), a few read pages.
package final class Scraper: Sendable {
    private struct Fetched: Sendable {
        let loop: ScrapeLoop
        let plannedNs: Int64
        let startedNs: Int64
        let atMs: Int64
        let result: Result<ClientResponse, ClientError>
    }

    private enum Work: Sendable {
        case page(Fetched)
        case blocked(ScrapeLoop, reason: String, atMs: Int64)
        case end(ScrapeLoop, atMs: Int64)
    }

    private struct Pools: Sendable {
        var byJob: [String: ScrapePool] = [:]
        /// Jobs in the order of the configuration.
        var order: [String] = []
    }

    private struct Clock: Sendable {
        var schedule = ScrapeSchedule()
        var isStopping = false
        var isStarted = false
    }

    /// Pages that wait to be read: more than are fetched in a moment on any machine.
    private static let waitingMax = 8192
    private static let readersMax = 4

    private let intake: MetricIntake
    private let keySeed: Hash128
    private let client: HTTPClient
    private let discoveries = Lock<Discoveries?>(nil)
    private let context: DiscoveryContext
    private let pools = Lock(Pools())
    private let clock = Monitor(Clock())
    private let queue = BoundedQueue<Work>(capacity: Scraper.waitingMax)
    private let threads = Lock<[OwnedThread]>([])
    private let metrics: ScrapeMetrics
    private let failureLogs: ScrapeFailureLogs
    private let time: any TimeSource
    private let log: Logger

    package init(_ ingest: IngestContext, log: Logger, time: any TimeSource = SystemTime()) {
        intake = MetricIntake("scrape", store: ingest.store, registry: ingest.registry)
        keySeed = ingest.keySeed
        client = HTTPClient("scrape", registry: ingest.registry, time: time)
        metrics = ScrapeMetrics(ingest.registry)
        failureLogs = ScrapeFailureLogs(time: time)
        context = DiscoveryContext(
            client: HTTPClient("discovery", registry: ingest.registry, time: time), files: LocalFileSystem(),
            registry: ingest.registry, log: log, time: time)
        self.time = time
        self.log = log
    }

    /// Puts these jobs in force: what has not changed goes on undisturbed. The first call starts the threads.
    package func apply(_ jobs: [ScrapeOptions]) throws(SystemError) {
        try start(ifNeededFor: jobs)
        failureLogs.reopen()
        let known = pools.withLock { $0.byJob }
        var next: [String: ScrapePool] = [:]
        for job in jobs {
            let before = known[job.job]
            next[job.job] = before?.options == job ? before : ScrapePool(job, after: before)
        }
        pools.withLock { [next] in
            $0.byJob = next
            $0.order = jobs.map(\.job)
        }
        for (name, pool) in known where next[name] == nil { pool.leave() }
        if let discoveries = discoveries.withLock({ $0 }) {
            try discoveries.run(Set(jobs.flatMap(\.discoveries)))
            for pool in next.values { sync(pool, discoveries) }
        }
    }

    private func start(ifNeededFor jobs: [ScrapeOptions]) throws(SystemError) {
        let isStarted = clock.withLock { clock in
            defer { clock.isStarted = clock.isStarted || !jobs.isEmpty }
            return clock.isStarted
        }
        guard !isStarted, !jobs.isEmpty else { return }
        discoveries.withLock { discoveries in
            discoveries = Discoveries(context) { [weak self] options in self?.found(options) }
        }
        var started = [try OwnedThread(name: "scrape-clock") { [self] in tick() }]
        for index in 0..<min(Machine.processors, Self.readersMax) {
            started.append(try OwnedThread(name: "scrape-\(index)") { [self] in read() })
        }
        threads.withLock { [started] in $0 = started }
    }

    /// Ends scraping.
    ///
    /// - Parameter endsSeries: whether every series becomes stale. As in Prometheus it does not where a server may come
    ///   back soon and go on.
    package func stop(endsSeries: Bool = false) {
        discoveries.withLock { $0 }?.stop()
        clock.withLock { $0.isStopping = true }
        clock.wakeAll()
        context.client.stop()
        client.stop()
        queue.close()
        for thread in threads.withLock({ $0 }) { thread.join() }
        guard endsSeries else { return }
        // Behind every sample, those of this millisecond too.
        let atMs = time.wallMs + 1
        for loop in pools.withLock({ $0.byJob.values.flatMap(\.loops) }) where loop.hasScraped { end(loop, atMs: atMs) }
    }
}

/// Targets.
extension Scraper {
    private func found(_ options: DiscoveryOptions) {
        guard let discoveries = discoveries.withLock({ $0 }) else { return }
        for pool in pools.withLock({ Array($0.byJob.values) }) where pool.options.discoveries.contains(options) {
            sync(pool, discoveries)
        }
    }

    private func sync(_ pool: ScrapePool, _ discoveries: Discoveries) {
        let found = pool.options.discoveries.map { discoveries.groups(of: $0) }
        let isComplete = found.allSatisfy { $0 != nil }
        let (begun, problems) = pool.sync(found.flatMap { $0 ?? [] }, isComplete: isComplete) { target, before in
            ScrapeLoop(
                target, pages: TargetPages(target.settings, intake, keySeed: keySeed), predecessor: before)
        }
        for problem in problems {
            log.warning("a target cannot be scraped", ["job": .text(pool.options.job), "reason": .text(problem)])
        }
        let nowNs = time.wallNs
        clock.withLock { clock in
            for loop in begun {
                let firstNs = ScrapeSchedule.firstTurn(
                    of: loop.target.identity, intervalNs: loop.target.intervalMs * 1_000_000, nowNs: nowNs)
                clock.schedule.insert(.init(atNs: firstNs, loop: loop))
            }
        }
        clock.wakeAll()
    }

    /// The jobs that are in force, in order of the configuration.
    package var jobs: [ScrapeJob] {
        let pools = pools.withLock { $0 }
        return pools.order.compactMap { name in
            guard let pool = pools.byJob[name] else { return nil }
            let dropped = pool.dropped
            return ScrapeJob(
                name: name, targets: pool.targets, dropped: dropped.targets, droppedCount: dropped.count)
        }
    }
}

/// The three kinds of thread.
extension Scraper {
    /// Says when a target is due.
    private func tick() {
        while true {
            let due = clock.wait(atMostNs: restNs()) { clock -> [ScrapeSchedule.Turn]? in
                if clock.isStopping { return [] }
                var due: [ScrapeSchedule.Turn] = []
                while let firstNs = clock.schedule.firstNs, firstNs <= time.wallNs {
                    due.append(clock.schedule.removeFirst())
                }
                return due.isEmpty ? nil : due
            }
            if clock.withLock({ $0.isStopping }) { return }
            for turn in due ?? [] { take(turn) }
        }
    }

    /// Until the next turn; not long, because the wall clock may be set.
    private func restNs() -> Int64 {
        let firstNs = clock.withLock { $0.schedule.firstNs }
        return min(max(0, (firstNs ?? .max) - time.wallNs), Self.restNsMax)
    }

    private static let restNsMax: Int64 = 1_000_000_000

    private func take(_ turn: ScrapeSchedule.Turn) {
        let loop = turn.loop
        let nowNs = time.wallNs
        let atMs = ScrapeTime.timestampMs(plannedNs: turn.atNs, nowNs: nowNs, intervalMs: loop.target.intervalMs)
        if loop.leaves {
            for pool in pools.withLock({ Array($0.byJob.values) }) { pool.remove(loop) }
            if loop.hasScraped { _ = queue.push(.end(loop, atMs: atMs)) }
            return
        }
        let intervalNs = loop.target.intervalMs * 1_000_000
        // Turns that have passed meanwhile are left out, as is one whose predecessor goes on.
        let missed = max(0, (nowNs - turn.atNs) / intervalNs)
        if missed > 0 { metrics.missed.add(Int(missed)) }
        clock.withLock { clock in
            clock.schedule.insert(.init(atNs: turn.atNs + (missed + 1) * intervalNs, loop: loop))
        }
        guard loop.begin() else { return metrics.missed.add() }
        fetch(loop, plannedNs: turn.atNs, atMs: atMs)
    }

    private func fetch(_ loop: ScrapeLoop, plannedNs: Int64, atMs: Int64) {
        if let reason = loop.blocked.withLock({ $0 }) {
            return push(.blocked(loop, reason: reason, atMs: atMs), loop)
        }
        let startedNs = time.monotonicNs
        client.send(loop.target.request) { [self] result in
            // Of a scrape that the end of the scraper broke off nothing is known.
            if case .failure(let error) = result, error.reason == .cancelled { return loop.finish() }
            push(
                .page(Fetched(loop: loop, plannedNs: plannedNs, startedNs: startedNs, atMs: atMs, result: result)), loop
            )
        }
    }

    private func push(_ work: Work, _ loop: ScrapeLoop) {
        if case .accepted = queue.push(work) { return }
        metrics.missed.add()
        loop.finish()
    }

    /// Reads pages.
    private func read() {
        var unpacking = PageUnpacking()
        while let work = queue.pop() {
            switch work {
            case .page(let fetched):
                read(fetched, &unpacking)
                fetched.loop.finish()
            case .blocked(let loop, let reason, let atMs):
                let startedNs = time.monotonicNs
                report(loop, startedNs: startedNs, atMs: atMs, fail(loop, reason, atMs: atMs, startedNs: startedNs))
                loop.finish()
            case .end(let loop, let atMs): end(loop, atMs: atMs)
            }
        }
    }

    private func end(_ loop: ScrapeLoop, atMs: Int64) {
        _ = loop.take { pages in guarded { () throws(StorageError) in try pages.end(atMs: atMs) } }
    }

    private func read(_ fetched: Fetched, _ unpacking: inout PageUnpacking) {
        let loop = fetched.loop
        var outcome: TargetPages.Outcome?
        do throws(PageRefusal) {
            let format = try unpacking.unpack(fetched.result, loop.target)
            outcome =
                loop.take { pages in
                    guarded { () throws(StorageError) in
                        try pages.take(unpacking.page.span, format, atMs: fetched.atMs) {
                            time.monotonicNs - fetched.startedNs
                        }
                    }
                } ?? nil
        } catch {
            outcome = fail(
                loop, error.reason, atMs: fetched.atMs, startedNs: fetched.startedNs,
                bodyBytes: error.isTooLarge ? -1 : 0)
        }
        report(loop, startedNs: fetched.startedNs, atMs: fetched.atMs, outcome)
    }

    private func fail(
        _ loop: ScrapeLoop, _ reason: String, atMs: Int64, startedNs: Int64, bodyBytes: Int = 0
    ) -> TargetPages.Outcome? {
        let failed = loop.take { pages in
            guarded { () throws(StorageError) in
                try pages.fail(
                    reason, atMs: atMs, bodyBytes: bodyBytes, elapsedNs: time.monotonicNs - startedNs)
            }
        }
        return failed ?? nil
    }

    /// What a store that takes nothing now makes of a scrape.
    private func guarded(_ body: () throws(StorageError) -> Void) {
        do throws(StorageError) {
            try body()
        } catch {
            metrics.notKept.add()
        }
    }

    private func guarded(_ body: () throws(StorageError) -> TargetPages.Outcome) -> TargetPages.Outcome? {
        do throws(StorageError) {
            return try body()
        } catch {
            metrics.notKept.add()
            var outcome = TargetPages.Outcome()
            outcome.error = "\(error)"
            return outcome
        }
    }

    private func report(_ loop: ScrapeLoop, startedNs: Int64, atMs: Int64, _ outcome: TargetPages.Outcome?) {
        guard let outcome else { return }
        let durationNs = time.monotonicNs - startedNs
        var report = ScrapeTarget.Report()
        report.health = outcome.error == nil ? .up : .down
        report.lastError = outcome.error ?? ""
        report.startedMs = time.wallMs - durationNs / 1_000_000
        report.durationNs = durationNs
        report.samplesScraped = outcome.scraped
        report.samplesKept = outcome.kept
        loop.target.set(report)
        loop.target.note(outcome.metadata)
        metrics.finished(isGood: outcome.error == nil, durationNs: durationNs)
        if let error = outcome.error { note(loop.target, error) }
        guard outcome.refused > 0 else { return }
        log.debug(
            "samples were refused",
            [
                "target": .text(loop.target.url), "count": .integer(outcome.refused),
                "first": .text(outcome.refusal ?? ""),
            ])
    }
}

extension Scraper {
    /// Writes a failure where the job wants it.
    private func note(_ target: ScrapeTarget, _ error: String) {
        guard let path = target.failureLogFile else { return }
        if let problem = failureLogs.write(to: path, job: target.pool, target: target.url, error) {
            log.error(
                "failures of scrapes cannot be written", ["job": .text(target.pool), "reason": .text(problem)])
        }
    }
}

/// What is known of a job.
package struct ScrapeJob: Sendable {
    package let name: String
    package let targets: [ScrapeTarget]
    /// Labels of targets that relabelling dropped, as they were before it.
    package let dropped: [Labels]
    /// Some may not be remembered.
    package let droppedCount: Int
}

package import Posix
package import Telemetry

/// The listeners of the configuration, all on one thread.
package final class MetricListeners: Sendable {
    private struct Running: Sendable {
        let loop: EventLoop
        let thread: OwnedThread
        let options: MetricListenerOptions
    }

    private let context: IngestContext
    private let log: Logger
    private let running = Lock<Running?>(nil)

    package init(_ context: IngestContext, log: Logger) {
        self.context = context
        self.log = log
    }

    /// Listens as these options say; what listened before ends where they differ.
    package func apply(_ options: MetricListenerOptions) throws(SystemError) {
        if running.withLock({ $0?.options }) == options { return }
        stop()
        guard options != MetricListenerOptions() else { return }
        let loop = try EventLoop(time: context.time)
        let graphite = GraphiteListener(loop, context)
        let statsD = StatsDListener(loop, context)
        for address in options.graphite { try graphite.listen(on: address) }
        for address in options.statsD { try statsD.listen(on: address) }
        statsD.start()
        let thread = try OwnedThread(name: "metrics-in") {
            loop.run()
            graphite.end()
            statsD.end()
        }
        running.withLock { $0 = Running(loop: loop, thread: thread, options: options) }
    }

    package func stop() {
        let ended = running.withLock { running in
            defer { running = nil }
            return running
        }
        ended?.loop.stop()
        ended?.thread.join()
    }
}

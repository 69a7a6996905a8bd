package import Posix
package import Telemetry

/// The syslog listeners of the configuration, all on one thread.
package final class SyslogListeners: Sendable {
    private struct Running: Sendable {
        let loop: EventLoop
        let thread: OwnedThread
        let options: [SyslogOptions]
        let addresses: [SocketAddress]
    }

    private let context: LogIngestContext
    private let log: Logger
    private let running = Lock<Running?>(nil)

    package init(_ context: LogIngestContext, log: Logger) {
        (self.context, self.log) = (context, log)
    }

    /// Where they listen, with the ports that the kernel chose.
    package var addresses: [SocketAddress] { running.withLock { $0?.addresses ?? [] } }

    /// Listens as these options say; what listened before ends where they differ.
    package func apply(_ options: [SyslogOptions]) throws {
        if running.withLock({ $0?.options ?? [] }) == options { return }
        stop()
        guard !options.isEmpty else { return }
        let loop = try EventLoop(time: context.time)
        let listener = SyslogListener(loop, context)
        let addresses = try options.map { try listener.listen($0) }
        for (option, address) in zip(options, addresses) {
            log.info(
                "listening for syslog", ["address": .text("\(address)"), "protocol": .text(option.carrier.rawValue)])
        }
        let thread = try OwnedThread(name: "syslog-in") {
            loop.run()
            listener.end()
        }
        running.withLock { $0 = Running(loop: loop, thread: thread, options: options, addresses: addresses) }
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

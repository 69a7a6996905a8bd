import Glibc
import Posix
import Telemetry

/// What keeps a server running until it is told to end: signals, requests of `/-/reload` and `/-/quit`, and a time limit.
/// Everything is answered on the one thread that calls `run`.
final class Lifecycle: Sendable {
    typealias ReloadDone = @Sendable (String?) -> Void

    enum End: Sendable {
        case asked
        case timeIsOver
    }

    /// After this long the start is over: threads have begun, the first data is written.
    private static let settledNs: Int64 = 3_000_000_000

    private let signals: SignalReceiver
    private let waitingForReload = Lock<[ReloadDone]>([])
    private let time: any TimeSource

    /// On the main thread, before any other is started.
    init(time: any TimeSource = SystemTime()) throws(SystemError) {
        SignalReceiver.ignoreBrokenPipes()
        signals = try SignalReceiver()
        self.time = time
    }

    /// Has the configuration read again; `done` gets nil, or why the old one stays. From any thread.
    func requestReload(_ done: @escaping ReloadDone) {
        waitingForReload.withLock { $0.append(done) }
        kill(getpid(), SIGHUP)
    }

    /// Begins the end, as SIGTERM does. From any thread.
    func requestStop() {
        kill(getpid(), SIGTERM)
    }

    /// Returns when the end was asked for or the time is over.
    ///
    /// - Parameters:
    ///   - thriftyEveryNs: how often it lets go of code that may not have run for long; nil does so after the start only.
    ///   - whenSettled: called each time that code was let go.
    ///   - reload: returns nil, or why the old configuration stays.
    func run(
        atMostNs limitNs: Int64?, thriftyEveryNs: Int64? = nil, _ log: Logger, whenSettled: () -> Void = {},
        reload: () -> String?
    ) -> End {
        let startNs = time.monotonicNs
        let deadlineNs = limitNs.map { startNs + $0 } ?? .max
        var settledNs = startNs + Self.settledNs
        while true {
            let nextNs = min(deadlineNs, settledNs)
            switch signals.wait(atMostNs: nextNs == .max ? nil : nextNs - time.monotonicNs) {
            case nil:
                if deadlineNs <= settledNs { return .timeIsOver }
                settledNs = thriftyEveryNs.map { time.monotonicNs + $0 } ?? .max
                Self.giveBackStart(log)
                whenSettled()
            case .terminate, .interrupt: return .asked
            case .hangUp:
                let waiting = waitingForReload.withLock { waiting in
                    defer { waiting = [] }
                    return waiting
                }
                let failure = reload()
                for done in waiting { done(failure) }
            }
        }
    }

    /// Lets go of what only the start needed, and later of what nobody needed of late.
    private static func giveBackStart(_ log: Logger) {
        FreedMemory.giveBack()
        do {
            try FreedMemory.giveBackCode()
        } catch {
            log.debug("the code of the start stays in memory", ["error": .error(error)])
        }
    }
}

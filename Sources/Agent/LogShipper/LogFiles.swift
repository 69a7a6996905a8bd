import Ingest
import Model
import Posix
import Telemetry

/// All files of the configuration, read by one thread: finds new ones, follows rotation of every kind, and picks up what
/// was rotated away while nobody looked.
final class LogFiles: Sendable {
    enum Limits {
        /// The least time between two looks at files that change all the time.
        static let restNs: Int64 = 50_000_000
        /// How often names are looked up without anything having told of a change.
        static let rescanNs: Int64 = 10_000_000_000
        /// How long a file without a name is still read after it grew last.
        static let goneNs: Int64 = 30_000_000_000
        static let filesMax = 50_000
    }

    private let thread: OwnedThread
    private let watch: ChangeWatch
    private let stopping: Monitor<Bool>

    init(
        _ groups: [LogFileOptions], labels: [String: String], pipelines: [LogPipeline], into spool: Spool,
        registry: Registry, log: Logger, time: any TimeSource = SystemTime()
    ) throws(SystemError) {
        let watch = try ChangeWatch(.each)
        let stopping = Monitor(false)
        self.watch = watch
        self.stopping = stopping
        thread = try OwnedThread(name: "log-files") {
            let batchers = groups.map {
                LogBatcher(spool, "file", [$0.pipeline] + pipelines, registry, time)
            }
            let walk = LogFileWalk(groups, labels, batchers, spool, watch, registry, log, time)
            walk.run { limitNs in
                stopping.wait(atMostNs: limitNs) { $0 ? true : nil } ?? false
            }
        }
    }

    /// Reads no further; what was read and not put into the spool is read again by the next process.
    func stop() {
        stopping.withLock { $0 = true }
        stopping.wakeAll()
        watch.wake()
        thread.join()
    }
}

import Glibc
import Posix

/// What a file system has room for.
struct MountSpace: Sendable {
    let sizeBytes: Double
    let freeBytes: Double
    let availableBytes: Double
    let files: Double
    let filesFree: Double
}

/// Asks mount points for their room from another thread: a dead network mount holds whoever asks for as long as its
/// server is away. Such a mount keeps the thread that asked, and is not asked again before it has answered.
final class MountProbes {
    enum Answer: Sendable {
        case space(MountSpace)
        case failed(SystemError)
        /// The kernel has not answered in time.
        case hanging
    }

    enum Limits {
        static let patienceNs: Int64 = 500_000_000
        /// Mounts that may hang at once; further ones are not asked.
        static let hangingMax = 64
    }

    private var current: MountProbe?
    private var hanging: [String: MountProbe] = [:]

    deinit {
        current?.end()
        for probe in hanging.values { probe.end() }
    }

    func space(at path: String) -> Answer {
        if let probe = hanging[path] {
            guard probe.isIdle else { return .hanging }
            probe.end()
            hanging[path] = nil
        }
        guard hanging.count < Limits.hangingMax else { return .hanging }
        do throws(SystemError) {
            if current == nil { current = try MountProbe() }
            guard let probe = current else { return .hanging }
            if let answer = probe.ask(path, atMostNs: Limits.patienceNs) { return answer }
            hanging[path] = probe
            current = nil
            return .hanging
        } catch {
            return .failed(error)
        }
    }
}

/// One thread that asks.
private final class MountProbe: Sendable {
    private struct State {
        var path: String?
        var answer: MountProbes.Answer?
        var isStopping = false
    }

    private let state: Monitor<State>
    private let thread: OwnedThread

    init() throws(SystemError) {
        let state = Monitor(State())
        self.state = state
        thread = try OwnedThread(name: "mounts", stackBytes: 128 << 10) {
            while let path = Self.nextPath(state) {
                let answer = Self.read(path)
                state.withLock {
                    $0.answer = answer
                    $0.path = nil
                }
                state.wakeAll()
            }
        }
    }

    /// Nil when the thread is to end.
    private static func nextPath(_ state: Monitor<State>) -> String? {
        state.wait { state -> String?? in
            if state.isStopping { return .some(nil) }
            return state.path.map { .some($0) }
        } ?? nil
    }

    /// Nil where there is no answer in time.
    func ask(_ path: String, atMostNs limitNs: Int64) -> MountProbes.Answer? {
        state.withLock {
            $0.answer = nil
            $0.path = path
        }
        state.wakeAll()
        return state.wait(atMostNs: limitNs) { $0.answer }
    }

    var isIdle: Bool { state.withLock { $0.path == nil } }

    /// Ends the thread. One that hangs in the kernel cannot be ended: it is left to the end of the process.
    func end() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        if isIdle {
            thread.join()
        } else {
            _ = unsafe Unmanaged.passRetained(self)
        }
    }

    private static func read(_ path: String) -> MountProbes.Answer {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return .failed(SystemError(call: "statvfs", on: path)) }
        let block = Double(status.f_frsize)
        return .space(
            MountSpace(
                sizeBytes: Double(status.f_blocks) * block, freeBytes: Double(status.f_bfree) * block,
                availableBytes: Double(status.f_bavail) * block, files: Double(status.f_files),
                filesFree: Double(status.f_ffree)))
    }
}

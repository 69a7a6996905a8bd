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

    private var current: ProbeThread?
    private var hanging: [String: ProbeThread] = [:]

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
            if current == nil { current = try ProbeThread(name: "mounts") }
            guard let probe = current else { return .hanging }
            let answer = Lock(Answer.hanging)
            probe.start {
                let read = Self.read(path)
                answer.withLock { $0 = read }
            }
            if probe.isDone(afterAtMostNs: Limits.patienceNs) { return answer.withLock { $0 } }
            hanging[path] = probe
            current = nil
            return .hanging
        } catch {
            return .failed(error)
        }
    }

    private static func read(_ path: String) -> Answer {
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

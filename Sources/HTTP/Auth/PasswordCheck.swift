import Crypto
import Posix

/// Compares passwords with their slow hashes on a thread of its own, and remembers for a while which were right.
///
/// A scraper that shows the same password every second costs one slow hash in `keptNs`, and no loop ever waits for one.
final class PasswordCheck: Sendable {
    static let keptNs: Int64 = 300_000_000_000
    /// Right passwords that are remembered; when full, all are forgotten and found right again.
    static let rememberedMax = 1_024
    /// Checks that wait; each takes 30 to 100 ms.
    static let waitingMax = 64

    private struct Job: Sendable {
        let key: [UInt8]
        let hash: PasswordHash
        let password: [UInt8]
        let done: @Sendable (Bool) -> Void
    }

    private let time: any TimeSource
    /// Passwords are remembered as authentication codes under a key that lives in this process only.
    private let secret = SecureRandom.bytes(32)
    private let remembered = Lock<[[UInt8]: Int64]>([:])
    private let jobs = BoundedQueue<Job>(capacity: PasswordCheck.waitingMax)
    private let thread = Lock<OwnedThread?>(nil)

    init(time: any TimeSource) {
        self.time = time
    }

    /// Whether this password was found right for this hash a short while ago.
    func isRemembered(_ password: [UInt8], _ hash: PasswordHash) -> Bool {
        isRemembered(key(password, hash))
    }

    /// Has `done` called with the result, on the checking thread. False if too many checks wait already.
    func check(
        _ password: [UInt8], _ hash: PasswordHash, done: @escaping @Sendable (Bool) -> Void
    ) throws(SystemError) -> Bool {
        try startIfNeeded()
        let job = Job(key: key(password, hash), hash: hash, password: password, done: done)
        if case .accepted = jobs.push(job) { return true }
        return false
    }

    /// Ends the thread after what waits.
    func stop() {
        jobs.close()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func startIfNeeded() throws(SystemError) {
        try thread.withLock { thread throws(SystemError) in
            guard thread == nil, !jobs.isClosed else { return }
            thread = try OwnedThread(name: "passwords", stackBytes: 512 << 10) { [self] in
                while let job = jobs.pop() { run(job) }
            }
        }
    }

    private func run(_ job: Job) {
        // Connections that begin together bring the same password together.
        let isRight = isRemembered(job.key) || job.hash.matches(job.password.span)
        if isRight {
            let nowNs = time.monotonicNs
            remembered.withLock { remembered in
                if remembered.count >= Self.rememberedMax { remembered = [:] }
                remembered[job.key] = nowNs + Self.keptNs
            }
        }
        job.done(isRight)
    }

    private func isRemembered(_ key: [UInt8]) -> Bool {
        let nowNs = time.monotonicNs
        return remembered.withLock { remembered in
            guard let untilNs = remembered[key] else { return false }
            if nowNs < untilNs { return true }
            remembered[key] = nil
            return false
        }
    }

    private func key(_ password: [UInt8], _ hash: PasswordHash) -> [UInt8] {
        let (text, secret) = (Array(hash.text.utf8) + [0] + password, secret)
        return HashAlgorithm.sha256.authenticate(text.span, key: secret.span)
    }
}

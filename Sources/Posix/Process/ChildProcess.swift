package import Glibc

/// A program that this process has started, in a process group of its own: a Ctrl-C at the terminal reaches only its
/// parent, which ends it in its turn. Whoever makes it ends it and waits for it.
package final class ChildProcess: Sendable {
    package let pid: pid_t
    private let ended = Lock<Int32?>(nil)

    /// How often its end is looked for while somebody waits.
    private static let glanceNs: Int64 = 5_000_000

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - output: a file that standard output and standard error are appended to; nil drops both.
    package init(_ program: String, _ arguments: [String], output: String? = nil) throws(SystemError) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        let path = output ?? "/dev/null"
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // The parent has signals blocked and one ignored, which a program does not expect to begin with.
        var none = sigset_t()
        var pipes = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigemptyset(&pipes)
        unsafe sigaddset(&pipes, SIGPIPE)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &pipes)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETPGROUP)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { for place in unsafe words.indices { unsafe free(words[place]) } }
        var started = pid_t()
        let failure = unsafe posix_spawn(&started, program, &actions, &attributes, &words, environ)
        guard failure == 0 else { throw SystemError(call: "start", on: program, code: failure) }
        pid = started
    }

    /// Sends a signal, unless it has ended and somebody knows.
    package func signal(_ number: Int32) {
        ended.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// The exit code once it has ended, or 128 and the number of the signal that ended it; nil while it runs.
    package var exitCode: Int32? {
        ended.withLock { ended in
            if let known = ended { return known }
            var status: Int32 = 0
            guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
            ended = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
            return ended
        }
    }

    /// Waits for its end.
    ///
    /// - Returns: nil where it still runs after `limitNs`.
    package func wait(atMostNs limitNs: Int64) -> Int32? {
        let clock = SystemTime()
        let endNs = clock.monotonicNs + limitNs
        while true {
            if let code = exitCode { return code }
            if clock.monotonicNs >= endNs { return nil }
            _ = Monitor(false).wait(atMostNs: Self.glanceNs) { $0 ? true : nil }
        }
    }

    /// Asks it to end, and ends it by force where it does not in time.
    package func stop(atMostNs limitNs: Int64) {
        signal(SIGTERM)
        if wait(atMostNs: limitNs) != nil { return }
        signal(SIGKILL)
        _ = wait(atMostNs: limitNs)
    }
}

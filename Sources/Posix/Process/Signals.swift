import CLinux
import Glibc

/// The signals that a running program answers.
package enum Signal: Sendable, CaseIterable {
    /// SIGTERM and SIGINT: end in good order.
    case terminate, interrupt
    /// SIGHUP: read the configuration again.
    case hangUp

    fileprivate var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        }
    }
}

/// Takes signals as events of a descriptor, so that they are answered on a thread of our choice and never inside a
/// handler. Made on the main thread before any other starts: threads inherit the blocked signals, and one that has them
/// unblocked would be ended by them. Processes that are started inherit them too and must unblock them.
package final class SignalReceiver: Sendable {
    /// Readable when a signal waits, for an event loop.
    package let descriptor: Int32

    package init(_ signals: [Signal] = Signal.allCases) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal.number) }
        let failure = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        guard failure == 0 else { throw SystemError(call: "pthread_sigmask", code: failure) }
        let flags = Int32(SFD_NONBLOCK | SFD_CLOEXEC)
        descriptor = unsafe signalfd(-1, &set, flags)
        guard descriptor >= 0 else { throw SystemError(call: "signalfd") }
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// The next signal that waits, or nil at once.
    package func next() -> Signal? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor, &info, size) == size else { return nil }
        return Signal.allCases.first { $0.number == Int32(info.ssi_signo) }
    }

    /// The next signal, waiting for it.
    ///
    /// - Parameter limitNs: how long to wait at most; nil waits for ever.
    /// - Returns: nil when the time is over.
    package func wait(atMostNs limitNs: Int64? = nil) -> Signal? {
        let clock = SystemTime()
        let start = clock.monotonicNs
        while true {
            if let signal = next() { return signal }
            var timeoutMs: Int32 = -1
            if let limitNs {
                let leftNs = limitNs - (clock.monotonicNs - start)
                if leftNs <= 0 { return nil }
                timeoutMs = Int32(clamping: leftNs / 1_000_000 + 1)
            }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            unsafe poll(&entry, 1, timeoutMs)
        }
    }

    /// Lets every signal through again: a parent may have left some blocked, and a program that nobody can end stays.
    package static func unblock() {
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
    }

    /// Writing to a closed connection becomes an error (EPIPE) instead of the end of the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}

import CLinux
import Glibc

/// Tells which files of watched directories changed, by inotify.
package final class ChangeWatch: Sendable {
    package enum Change: Sendable, Hashable {
        case changed(directory: String, name: String)
        /// So much happened at once that the kernel forgot what.
        case forgotten
    }

    /// When the writing of a file counts: at each write, or when the writer has closed it.
    package enum Writes: Sendable {
        case each, closed
    }

    private let inotify: Int32
    private let wakeUp: Int32
    private let mask: UInt32
    private let directories = Lock<[Int32: String]>([:])

    package init(_ writes: Writes) throws(SystemError) {
        let written = writes == .each ? IN_MODIFY : IN_CLOSE_WRITE
        mask = UInt32(written | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR)
        inotify = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        if inotify < 0 { throw SystemError(call: "inotify_init1") }
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        if wakeUp < 0 {
            let failure = SystemError(call: "eventfd")
            close(inotify)
            throw failure
        }
    }

    deinit {
        close(inotify)
        close(wakeUp)
    }

    /// Watches a directory from now on; asking again is free. False where it cannot be watched.
    package func add(_ directory: String) -> Bool {
        directories.withLock { directories in
            let watch = unsafe inotify_add_watch(inotify, directory, mask)
            guard watch >= 0 else { return false }
            directories[watch] = directory
            return true
        }
    }

    /// Ends a `wait`. From any thread.
    package func wake() { eventfd_write(wakeUp, 1) }

    /// What changed since the last call, waiting for a change or for `wake` at most so long.
    @discardableResult
    package func wait(atMostMs limitMs: Int32) -> Set<Change> {
        var descriptors = [
            pollfd(fd: inotify, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&descriptors, 2, limitMs)
        var count: eventfd_t = 0
        unsafe eventfd_read(wakeUp, &count)
        var changes: Set<Change> = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let filled = unsafe read(inotify, &buffer, buffer.count)
            guard filled > 0 else { return changes }
            take(buffer.prefix(filled), &changes)
        }
    }

    /// `struct inotify_event`: watch, mask, cookie and length of the name, 4 bytes each, then the name in zeros.
    private func take(_ events: ArraySlice<UInt8>, _ changes: inout Set<Change>) {
        var rest = events
        func word(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(rest[rest.startIndex + index * 4 + $1]) << UInt32($1 * 8) }
        }
        while rest.count >= 16 {
            let (watch, mask, length) = (Int32(bitPattern: word(0)), word(1), Int(word(3)))
            let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
            if mask & UInt32(IN_Q_OVERFLOW) != 0 {
                changes.insert(.forgotten)
            } else if mask & UInt32(IN_IGNORED) != 0 {
                directories.withLock { $0[watch] = nil }
            } else if let directory = directories.withLock({ $0[watch] }) {
                changes.insert(.changed(directory: directory, name: String(decoding: name, as: UTF8.self)))
            }
            rest = rest.dropFirst(16 + length)
        }
    }
}

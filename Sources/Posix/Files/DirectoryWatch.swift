import CLinux
import Glibc

/// Waits for changes of the files in directories, by inotify.
package final class DirectoryWatch: Sendable {
    private let inotify: Int32
    private let wakeUp: Int32
    private let watched = Lock<Set<String>>([])

    package init() throws(SystemError) {
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

    /// Watches a directory from now on; asking again is free. False where it cannot be watched, as when it is missing.
    package func add(_ directory: String) -> Bool {
        watched.withLock { watched in
            if watched.contains(directory) { return true }
            let mask = UInt32(IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB)
            guard unsafe inotify_add_watch(inotify, directory, mask) >= 0 else { return false }
            watched.insert(directory)
            return true
        }
    }

    /// Returns when something changed, `wake` was called or the time is over. What changed meanwhile counts once.
    package func wait(atMostMs limitMs: Int32) {
        var descriptors = [
            pollfd(fd: inotify, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&descriptors, 2, limitMs)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while unsafe read(inotify, &buffer, buffer.count) > 0 {}
        var count: eventfd_t = 0
        unsafe eventfd_read(wakeUp, &count)
    }

    /// Ends a `wait`. From any thread.
    package func wake() {
        eventfd_write(wakeUp, 1)
    }
}

import CLinux
import Glibc

/// A thread with a name and an owner. Whoever makes it tells it to end and joins it; dropping it without that is a bug.
package final class OwnedThread: Sendable {
    package let name: String
    private let thread: Lock<pthread_t?>

    /// - Parameters:
    ///   - name: the kernel shows its first 15 bytes in `top -H` and in core dumps.
    ///   - stackBytes: address space, of which only what is touched becomes memory.
    package init(
        name: String, stackBytes: Int = 2 << 20, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        self.name = name
        thread = Lock(try Self.start(Start(name: name, body: body), stackBytes: stackBytes))
    }

    deinit {
        thread.withLock {
            precondition($0 == nil, "BUG: thread \(name) was dropped without being joined")
        }
    }

    /// Waits for the end of the thread's body. A second call returns at once.
    package func join() {
        thread.withLock { thread in
            guard let running = thread else { return }
            let failure = pthread_join(running, nil)
            precondition(failure == 0, "BUG: thread \(name) cannot be joined: \(SystemError.reason(failure))")
            thread = nil
        }
    }

    /// Leaves the thread to itself, for one that the kernel may hold for ever: it ends when its body does.
    package func detach() {
        thread.withLock { thread in
            if let running = thread { pthread_detach(running) }
            thread = nil
        }
    }

    /// Gives the calling thread what the others leave of processors and devices.
    static func lowerPriority() {
        clinux_lower_priority_of_this_thread()
    }

    /// Gives the calling thread about a third of a processor that a thread of ordinary priority wants too: enough to get
    /// on beside whatever else the machine does.
    package static func lowerShare() {
        clinux_lower_share_of_this_thread(5)
    }

    /// Has the calling thread come sooner to a processor that others compute on, for shorter turns (0.3 ms rather than
    /// 3): for threads whose work is short and waited for.
    package static func shortenTurns() {
        clinux_shorten_turns_of_this_thread(300_000)
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private static func start(_ start: Start, stackBytes: Int) throws(SystemError) -> pthread_t {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        let argument = unsafe Unmanaged.passRetained(start)
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                unsafe clinux_name_this_thread(start.name)
                start.body()
                return nil
            }, argument.toOpaque())
        guard failure == 0 else {
            unsafe argument.release()
            throw SystemError(call: "start", on: "thread \(start.name)", code: failure)
        }
        return thread
    }
}

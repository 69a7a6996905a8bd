import Posix

/// The queue between the thread that answers and the loop that sends.
final class AnswerChannel: Sendable {
    /// What is known when an answer is complete.
    struct End {
        let facts: ExchangeFacts
        let status: Status
        let sentBytes: Int
    }

    struct Taken: ~Copyable {
        var bytes: SocketBuffer
        let end: End?
        /// The answer broke off: the client must not take what it got for the whole.
        let isAborted: Bool
    }

    private struct Queue: ~Copyable {
        var bytes = SocketBuffer()
        var end: End?
        var isAborted = false
        /// The client sends nothing more, which mostly means that it does not wait any more either.
        var isClientGone = false
        /// Nothing can be sent any more.
        var isClosed = false
        var onClientGone: (@Sendable () -> Void)?
        /// The loop was told and has not come yet.
        var isSignalled = false
    }

    /// Above this many unsent bytes the answering thread waits.
    private static let queuedBytesMax = 256 << 10

    /// Of the request that is answered.
    let facts: ExchangeFacts
    private let queue = Monitor(Queue())
    private let signal: @Sendable () -> Void

    init(_ facts: ExchangeFacts, signal: @escaping @Sendable () -> Void) {
        self.facts = facts
        self.signal = signal
    }

    var isClientGone: Bool { queue.withLock { $0.isClientGone } }

    /// Has `action` called once the client is gone; at once if it is.
    func onClientGone(_ action: @escaping @Sendable () -> Void) {
        let isGone = queue.withLock { queue in
            if !queue.isClientGone { queue.onClientGone = action }
            return queue.isClientGone
        }
        if isGone { action() }
    }

    /// Queues bytes, waiting while too many are unsent.
    ///
    /// - Returns: false when the client is gone. Without waiting the bytes are sent all the same, to a client that may
    ///   only have ended its own side.
    func append(_ bytes: inout SocketBuffer, waits: Bool, end: End? = nil) -> Bool {
        let isOpen = queue.wait { queue -> Bool? in
            if queue.isClosed || queue.isClientGone && waits { return false }
            return !waits || queue.bytes.count < Self.queuedBytesMax ? true : nil
        }
        guard isOpen == true else { return false }
        let mustSignal = queue.withLock { queue in
            queue.bytes.append(emptying: &bytes)
            if let end { queue.end = end }
            defer { queue.isSignalled = true }
            return !queue.isSignalled
        }
        if mustSignal { signal() }
        return true
    }

    /// Queues a whole message, or nothing of it.
    func offer(_ bytes: inout SocketBuffer, queuedBytesMax: Int) -> WebSocket.Sending {
        let (outcome, mustSignal) = queue.withLock { queue -> (WebSocket.Sending, Bool) in
            if queue.isClosed || queue.end != nil { return (.closed, false) }
            // A message of any size goes out if nothing waits before it.
            if !queue.bytes.isEmpty, queue.bytes.count + bytes.count > queuedBytesMax { return (.full, false) }
            queue.bytes.append(emptying: &bytes)
            defer { queue.isSignalled = true }
            return (.queued, !queue.isSignalled)
        }
        if mustSignal { signal() }
        return outcome
    }

    func abort() {
        queue.withLock { $0.isAborted = true }
        signal()
    }

    /// On the loop's thread.
    func take() -> Taken {
        let taken = queue.withLock { queue in
            var bytes = SocketBuffer()
            swap(&bytes, &queue.bytes)
            queue.isSignalled = false
            return Taken(bytes: bytes, end: queue.end, isAborted: queue.isAborted)
        }
        queue.wakeAll()
        return taken
    }

    /// On the loop's thread, when the connection is closed.
    func close() {
        queue.withLock { $0.isClosed = true }
        clientIsGone()
    }

    /// On the loop's thread.
    func clientIsGone() {
        let action = queue.withLock { queue in
            queue.isClientGone = true
            defer { queue.onClientGone = nil }
            return queue.onClientGone
        }
        queue.wakeAll()
        action?()
    }
}

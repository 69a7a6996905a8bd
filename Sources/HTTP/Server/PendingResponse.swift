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
        var isClientGone = false
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

    /// Queues what `write` appends, waiting while too much is unsent.
    ///
    /// - Returns: false when the client is gone.
    func append(waits: Bool, end: End? = nil, _ write: (inout SocketBuffer) -> Void) -> Bool {
        let isOpen = queue.wait { queue -> Bool? in
            if queue.isClientGone { return false }
            return !waits || queue.bytes.count < Self.queuedBytesMax ? true : nil
        }
        guard isOpen == true else { return false }
        let mustSignal = queue.withLock { queue in
            write(&queue.bytes)
            if let end { queue.end = end }
            defer { queue.isSignalled = true }
            return !queue.isSignalled
        }
        if mustSignal { signal() }
        return true
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

/// An answer that is given after the handler's call, by any one thread at a time: whole with `send`, or as a stream with
/// `begin`, `write` and `finish`. Dropping it unanswered answers 500; dropping it inside of a stream resets the
/// connection, so that nobody takes a part for the whole.
package final class PendingResponse: Sendable {
    private struct Progress {
        var status: Status?
        var framing = ResponseFraming.chunked
        var facts: ExchangeFacts
        var isFinished = false
        var sentBytes = 0
    }

    private let channel: AnswerChannel
    private let progress: Lock<Progress>
    private let time: any TimeSource

    init(_ channel: AnswerChannel, _ time: any TimeSource) {
        self.channel = channel
        self.time = time
        progress = Lock(Progress(facts: channel.facts))
    }

    deinit {
        let (isFinished, isBegun) = progress.withLock { ($0.isFinished, $0.status != nil) }
        if isFinished { return }
        if isBegun { return channel.abort() }
        send(.internalServerError, "the answer was given up\n")
    }

    /// Whether nobody waits for the answer any more: the client closed the connection, or its sending side.
    package var isClientGone: Bool { channel.isClientGone }

    /// Has `action` called, on the loop's thread, when the client goes; at once if it is gone. It must not wait.
    package func onClientGone(_ action: @escaping @Sendable () -> Void) {
        channel.onClientGone(action)
    }

    package func send(
        _ status: Status, _ body: Span<UInt8>, contentType: String,
        _ fields: borrowing ResponseFields = ResponseFields()
    ) {
        let facts = progress.withLock { progress in
            precondition(progress.status == nil, "BUG: a request is answered twice")
            progress.status = status
            progress.isFinished = true
            return progress.facts
        }
        let date = currentDate()
        let end = AnswerChannel.End(facts: facts, status: status, sentBytes: body.count)
        _ = channel.append(waits: false, end: end) { output in
            output.appendResponseHead(
                status, facts, .length(body.count), contentType: contentType, date: date, fields)
            if !facts.isHead, !status.forbidsBody { output.append(body) }
        }
    }

    package func send(_ status: Status, _ text: String, contentType: String = ContentType.text) {
        send(status, text.utf8.span, contentType: contentType)
    }

    /// Begins an answer of unknown length.
    package func begin(
        _ status: Status, contentType: String, _ fields: borrowing ResponseFields = ResponseFields()
    ) {
        let (facts, framing) = progress.withLock { progress in
            precondition(progress.status == nil, "BUG: a request is answered twice")
            progress.status = status
            if !progress.facts.isVersion11 {
                progress.framing = .untilClose
                progress.facts.keepsAlive = false
            }
            return (progress.facts, progress.framing)
        }
        let date = currentDate()
        _ = channel.append(waits: false) { output in
            output.appendResponseHead(
                status, facts, framing, contentType: contentType, date: date, fields)
        }
    }

    /// Sends a piece of the stream, waiting while the client is slow. Not from a loop's thread, which must not wait.
    ///
    /// - Returns: false when the client is gone, so that what is left need not be made.
    package func write(_ bytes: Span<UInt8>) -> Bool {
        let (isHead, framing) = progress.withLock { progress in
            precondition(progress.status != nil && !progress.isFinished, "BUG: a stream is written before it begins")
            progress.sentBytes += bytes.count
            return (progress.facts.isHead, progress.framing)
        }
        if bytes.isEmpty || isHead { return !isClientGone }
        return channel.append(waits: true) { output in
            if framing == .chunked {
                output.appendHexadecimal(bytes.count)
                output.append("\r\n")
            }
            output.append(bytes)
            if framing == .chunked { output.append("\r\n") }
        }
    }

    /// Ends the stream.
    package func finish() {
        let (end, endsWithChunk) = progress.withLock { progress in
            precondition(!progress.isFinished, "BUG: a stream is finished twice")
            guard let status = progress.status else { preconditionFailure("BUG: a stream is finished unbegun") }
            progress.isFinished = true
            let end = AnswerChannel.End(facts: progress.facts, status: status, sentBytes: progress.sentBytes)
            let hasBody = !progress.facts.isHead && !status.forbidsBody
            return (end, hasBody && progress.framing == .chunked)
        }
        _ = channel.append(waits: false, end: end) { output in
            if endsWithChunk { output.append("0\r\n\r\n") }
        }
    }

    private func currentDate() -> String { HTTPDate.text(wallNs: time.wallNs) }
}

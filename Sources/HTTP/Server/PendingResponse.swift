import Encoding
import Posix

/// An answer that is given after the handler's call, by any one thread at a time: whole with `send`, or as a stream with
/// `begin`, `write` and `finish`. Dropping it unanswered answers 500; dropping it inside of a stream resets the
/// connection, so that nobody takes a part for the whole.
package final class PendingResponse: Sendable {
    private struct Progress: ~Copyable {
        var status: Status?
        var framing = ResponseFraming.chunked
        var facts: ExchangeFacts
        var gzip: GzipWriter?
        var isFinished = false
        var sentBytes = 0

        init(_ facts: ExchangeFacts) {
            self.facts = facts
        }

        var hasBody: Bool { !facts.isHead && status?.forbidsBody == false }

        mutating func begin(_ newStatus: Status) {
            precondition(status == nil, "BUG: a request is answered twice")
            status = newStatus
        }

        /// The bytes as they are sent, compressed and framed.
        mutating func framed(_ bytes: Span<UInt8>, flushes: Bool, isLast: Bool) -> SocketBuffer {
            var framed = SocketBuffer()
            guard hasBody else { return framed }
            if gzip != nil {
                var compressed: [UInt8] = []
                gzip?.write(bytes, appendingTo: &compressed)
                if flushes { gzip?.flush(appendingTo: &compressed) }
                if isLast { gzip?.finish(appendingTo: &compressed) }
                append(compressed.span, to: &framed)
            } else {
                append(bytes, to: &framed)
            }
            if isLast, framing == .chunked { framed.append("0\r\n\r\n") }
            sentBytes += framed.count
            return framed
        }

        private func append(_ bytes: Span<UInt8>, to framed: inout SocketBuffer) {
            if bytes.isEmpty { return }
            guard framing == .chunked else { return framed.append(bytes) }
            framed.reserve(bytes.count + 32)
            framed.appendHexadecimal(bytes.count)
            framed.append("\r\n")
            framed.append(bytes)
            framed.append("\r\n")
        }
    }

    private let channel: AnswerChannel
    private let progress: Lock<Progress>
    private let time: any TimeSource

    init(_ channel: AnswerChannel, _ time: any TimeSource) {
        self.channel = channel
        self.time = time
        progress = Lock(Progress(channel.facts))
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
        answer(status, body, contentType, nil, fields)
    }

    /// - Parameter contentEncoding: nil for a body that may be compressed.
    func answer(
        _ status: Status, _ body: Span<UInt8>, _ contentType: String?, _ contentEncoding: String?,
        _ fields: borrowing ResponseFields
    ) {
        if contentEncoding == nil, channel.facts.acceptsGzip,
            BodyCoding.isWorthwhile(contentType, bytes: body.count)
        {
            var codecs = BodyCodecs()
            codecs.compress(body)
            let compressed = codecs.compressed
            send(status, compressed.span, contentType, "gzip", fields)
        } else {
            send(status, body, contentType, contentEncoding, fields)
        }
    }

    package func send(_ status: Status, _ text: String, contentType: String = ContentType.text) {
        send(status, text.utf8.span, contentType: contentType)
    }

    /// Sends away a request that as many wait before as may.
    func refuse(behind waiting: Int) {
        var fields = ResponseFields()
        fields.append("Retry-After", "1")
        let text = "\(waiting) requests of this kind wait already; try again\n"
        send(.serviceUnavailable, text.utf8.span, contentType: ContentType.text, fields)
    }

    private func send(
        _ status: Status, _ body: Span<UInt8>, _ contentType: String?, _ contentEncoding: String?,
        _ fields: borrowing ResponseFields
    ) {
        let facts = progress.withLock { progress in
            progress.begin(status)
            progress.isFinished = true
            return progress.facts
        }
        var output = SocketBuffer()
        output.appendResponseHead(
            status, facts, .length(body.count), contentType: contentType, contentEncoding: contentEncoding,
            date: currentDate(), fields)
        if !facts.isHead, !status.forbidsBody { output.append(body) }
        _ = channel.append(
            &output, waits: false, end: AnswerChannel.End(facts: facts, status: status, sentBytes: body.count))
    }

    /// Begins an answer of unknown length.
    package func begin(
        _ status: Status, contentType: String, _ fields: borrowing ResponseFields = ResponseFields()
    ) {
        let (facts, framing, isCompressed) = progress.withLock { progress in
            progress.begin(status)
            if !progress.facts.isVersion11 {
                progress.framing = .untilClose
                progress.facts.keepsAlive = false
            }
            let isCompressed = progress.facts.acceptsGzip && progress.hasBody && BodyCoding.isText(contentType)
            if isCompressed {
                progress.gzip = BodyCoding.make { () throws(CompressionError) in
                    try GzipWriter(level: BodyCoding.level)
                }
            }
            return (progress.facts, progress.framing, isCompressed)
        }
        var output = SocketBuffer()
        output.appendResponseHead(
            status, facts, framing, contentType: contentType, contentEncoding: isCompressed ? "gzip" : nil,
            date: currentDate(), fields)
        _ = channel.append(&output, waits: false)
    }

    /// Sends a piece of the stream, waiting while the client is slow. Not from a loop's thread, which must not wait.
    ///
    /// - Parameter flushes: what was written so far shall reach the client now, though it compresses worse.
    /// - Returns: false when the client is gone, so that what is left need not be made.
    package func write(_ bytes: Span<UInt8>, flushes: Bool = false) -> Bool {
        var framed = progress.withLock { progress in
            precondition(progress.status != nil && !progress.isFinished, "BUG: a stream is written outside of its time")
            return progress.framed(bytes, flushes: flushes, isLast: false)
        }
        return framed.isEmpty ? !isClientGone : channel.append(&framed, waits: true)
    }

    /// Ends the stream.
    package func finish() {
        let none: [UInt8] = []
        var framed = progress.withLock { progress in
            precondition(progress.status != nil && !progress.isFinished, "BUG: a stream is ended outside of its time")
            progress.isFinished = true
            return progress.framed(none.span, flushes: false, isLast: true)
        }
        let end = progress.withLock { progress in
            AnswerChannel.End(
                facts: progress.facts, status: progress.status ?? .ok, sentBytes: progress.sentBytes)
        }
        _ = channel.append(&framed, waits: false, end: end)
    }

    private func currentDate() -> String { HTTPDate.text(wallNs: time.wallNs) }
}

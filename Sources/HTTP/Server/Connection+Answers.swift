import Posix

/// Writing answers. What belongs to the requests of one event is collected in `worker.output` and written at once.
extension Connection {
    /// From this size on a body is not copied behind its head, but sent from where it is.
    private static let copiedBodyBytesMax = 16 << 10

    /// Writes a whole answer.
    func answer(
        _ status: Status, _ facts: ExchangeFacts, _ fields: borrowing ResponseFields, _ body: Span<UInt8>,
        contentType: String?, contentEncoding: String? = nil
    ) {
        if contentEncoding == nil, facts.acceptsGzip, !facts.isHead,
            BodyCoding.isWorthwhile(contentType, bytes: body.count)
        {
            worker.codecs.compress(body)
            defer { worker.codecs.trim() }
            if worker.codecs.compressed.count < body.count {
                let compressed = worker.codecs.compressed
                return write(status, facts, fields, compressed.span, contentType, "gzip")
            }
        }
        write(status, facts, fields, body, contentType, contentEncoding)
    }

    private func write(
        _ status: Status, _ facts: ExchangeFacts, _ fields: borrowing ResponseFields, _ body: Span<UInt8>,
        _ contentType: String?, _ contentEncoding: String?
    ) {
        worker.output.appendResponseHead(
            status, facts, .length(body.count), contentType: contentType, contentEncoding: contentEncoding,
            date: worker.date(), fields)
        if !facts.keepsAlive { closesAfterOutput = true }
        if !facts.isHead, !status.forbidsBody {
            if body.count <= Self.copiedBodyBytesMax {
                worker.output.append(body)
            } else {
                writeThrough(body)
            }
        }
        worker.finished(facts, status, sentBytes: body.count)
    }

    /// Writes a whole answer of text.
    func answer(_ status: Status, _ facts: ExchangeFacts, _ fields: borrowing ResponseFields, text: String) {
        answer(status, facts, fields, text.utf8.span, contentType: text.isEmpty ? nil : ContentType.text)
    }

    /// Sends what is collected and these bytes behind it; what the kernel does not take is kept.
    private func writeThrough(_ body: Span<UInt8>) {
        var written = 0
        if output.isEmpty, case .moved(let count) = transport.write(worker.output, body) { written = count }
        let ofHead = min(written, worker.output.count)
        worker.output.consume(ofHead)
        output.append(emptying: &worker.output)
        if written - ofHead < body.count { output.append(body.extracting((written - ofHead)..<body.count)) }
        noteBacklog()
    }

    /// Sends what is collected.
    func flushWorker() {
        guard phase != .closed else { return worker.output.removeAll() }
        if !worker.output.isEmpty {
            if output.isEmpty, case .moved(let count) = transport.write(worker.output) {
                worker.output.consume(count)
            }
            if !worker.output.isEmpty {
                output.append(emptying: &worker.output)
                noteBacklog()
            }
        }
        if output.isEmpty { endIfAsked() }
    }

    private func noteBacklog() {
        if !output.isEmpty { watchReader() }
    }

    /// Sends what the client did not take before.
    func flush() {
        while !output.isEmpty {
            switch transport.write(output) {
            case .moved(let count):
                rate.moved(count)
                output.consume(count)
            case .wouldBlock: return rearm()
            case .ended, .failed: return close()
            }
        }
        output = SocketBuffer()
        endIfAsked()
        rearm()
    }

    private func endIfAsked() {
        if closesAfterOutput, phase == .requests || phase == .webSocket { linger() }
    }
}

/// Answers that come later.
extension Connection {
    /// Pieces of a stream that are sent before others get their turn.
    private static let piecesPerTurn = 8

    func promise(_ facts: ExchangeFacts) -> PendingResponse {
        setDeadline(afterNs: nil)
        let channel = AnswerChannel(facts) { [self] in worker.loop.submit { self.pump() } }
        self.channel = channel
        return PendingResponse(channel, worker.time)
    }

    /// Moves what the answering thread has written to the client.
    func pump() {
        for _ in 0..<Self.piecesPerTurn {
            guard phase == .answering || phase == .webSocket, output.isEmpty, let channel else { return }
            var taken = channel.take()
            if taken.isAborted { return reset() }
            if taken.bytes.isEmpty, taken.end == nil { return }
            swap(&output, &taken.bytes)
            noteBacklog()
            if let end = taken.end { conclude(end) }
            flush()
        }
        if let registration { worker.loop.again(registration) }
    }

    private func conclude(_ end: AnswerChannel.End) {
        if let webSocket {
            closesAfterOutput = true
            channel?.close()
            channel = nil
            return webSocket.ended(webSocket.socket.closed ?? .normal)
        }
        channel = nil
        phase = .requests
        if !end.facts.keepsAlive { closesAfterOutput = true }
        worker.finished(end.facts, end.status, sentBytes: end.sentBytes)
        // Requests that were sent behind this one wait in the buffer, or inside of OpenSSL.
        if !input.isEmpty || transport.isSecure, let registration { worker.loop.again(registration) }
    }
}

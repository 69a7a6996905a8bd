import Posix

/// Reading and answering the frames of a WebSocket.
extension Connection {
    private static let readsPerTurn = 16

    /// Answers the handshake; the phase changes once the handler has returned.
    func upgrade(
        _ facts: ExchangeFacts, accept: String, _ fields: borrowing ResponseFields, _ options: WebSocketOptions,
        _ events: WebSocketEvents
    ) -> WebSocket {
        worker.output.append(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
        worker.output.append(accept)
        worker.output.append("\r\n")
        worker.output.append(fields.encoded.bytes)
        worker.output.append("\r\n")
        let channel = AnswerChannel(facts) { [self] in worker.loop.submit { self.pump() } }
        self.channel = channel
        let socket = WebSocket(channel, options)
        webSocket = WebSocketSession(socket, options, events)
        worker.finished(facts, .switchingProtocols, sentBytes: 0)
        // Frames may have come with the handshake.
        if let registration { worker.loop.again(registration) }
        return socket
    }

    func receiveFrames() {
        let isOwn = input.capacity > 0
        if isOwn { swap(&worker.request.input, &input) }
        readFrames()
        if isOwn { swap(&worker.request.input, &input) }
        keepRest(isOwn: isOwn)
        rearm()
    }

    private func readFrames() {
        guard let session = webSocket else { return }
        serveFrames(session)
        for _ in 0..<Self.readsPerTurn {
            guard phase == .webSocket, output.isEmpty, !closesAfterOutput else { return }
            let missing = session.reader.wantedBytes - worker.request.input.count
            worker.request.input.reserve(max(missing, Worker.headReadBytes))
            let wanted = worker.request.input.freeCount
            switch transport.read(into: &worker.request.input, atMost: wanted) {
            case .moved(let count):
                session.isProbed = false
                serveFrames(session)
                if count < wanted, !transport.isSecure { return }
            case .wouldBlock: return
            case .ended, .failed: return close()
            }
        }
        if let registration { worker.loop.again(registration) }
    }

    private func serveFrames(_ session: WebSocketSession) {
        do throws(WebSocketClose) {
            while phase == .webSocket, !closesAfterOutput, output.isEmpty {
                guard let (event, frameEnd) = try session.reader.next(&worker.request.input) else { break }
                if let event { handle(event, session) }
                session.reader.forgetMessage()
                worker.request.input.consume(frameEnd)
                if worker.output.count >= Worker.scratchBytes { flushWorker() }
            }
        } catch {
            endWebSocket(session, sending: error, telling: error)
        }
        flushWorker()
    }

    private func handle(_ event: WebSocketReader.Event, _ session: WebSocketSession) {
        switch event {
        case .message(let kind):
            if session.reader.isAssembled {
                let message = session.reader.assembled
                session.deliver(kind, message.span)
            } else {
                worker.request.input.lend(session.reader.payload) { session.deliver(kind, $0) }
            }
        case .ping: worker.answerPing(session.reader.payload)
        case .pong: break
        case .close(let close): endWebSocket(session, sending: close, telling: close)
        }
    }

    /// Sends a close, behind which nothing is read any more.
    func endWebSocket(_ session: WebSocketSession, sending close: WebSocketClose, telling reason: WebSocketClose) {
        channel?.close()
        channel = nil
        session.ended(reason)
        worker.output.appendCloseFrame(close)
        closesAfterOutput = true
    }

    /// At the end of a drain's patience with idle clients.
    func closeWebSocketForDrain() {
        guard let session = webSocket, phase == .webSocket, !closesAfterOutput else { return }
        endWebSocket(session, sending: .goingAway, telling: .goingAway)
        flushWorker()
        rearm()
    }

    /// Called when the client was silent for as long as it may.
    func probeWebSocket() {
        guard let session = webSocket else { return }
        if session.isProbed { return reset() }
        session.isProbed = true
        let nothing: [UInt8] = []
        worker.output.appendFrame(opcode: 9, nothing.span)
        flushWorker()
        rearm()
    }
}

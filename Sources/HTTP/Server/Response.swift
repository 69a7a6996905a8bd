import Posix

/// The answer to one request, inside of its handler's call: sent at once, promised for later, or a change to WebSocket.
package struct Response: ~Copyable {
    enum State {
        case open
        case sent
        case later
        case upgraded
    }

    /// What is sent when the handler does not say otherwise.
    package var status = Status.ok
    package var fields = ResponseFields()
    /// Set where the body is compressed already; otherwise it is where the client takes that and it is worthwhile.
    package var contentEncoding: String?
    let facts: ExchangeFacts
    private let way: Way
    private(set) var state = State.open

    /// Where the answer goes.
    private enum Way {
        case connection(Connection)
        /// The handler runs beside the loop.
        case promised(PendingResponse)
    }

    init(_ connection: Connection, _ facts: ExchangeFacts) {
        way = .connection(connection)
        self.facts = facts
    }

    init(_ promised: PendingResponse, _ facts: ExchangeFacts) {
        way = .promised(promised)
        self.facts = facts
    }

    /// Answers with these bytes. For HEAD the body is left out and its length told.
    package mutating func send(_ body: Span<UInt8>, contentType: String) {
        answer(body, contentType)
    }

    package mutating func send(_ body: [UInt8], contentType: String) {
        answer(body.span, contentType)
    }

    package mutating func send(_ text: String, contentType: String = ContentType.text) {
        answer(text.utf8.span, contentType)
    }

    /// Answers without a body.
    package mutating func send(_ status: Status) {
        self.status = status
        let nothing: [UInt8] = []
        answer(nothing.span, nil)
    }

    /// Says why not, as a line of text.
    package mutating func refuse(_ refusal: RequestRefusal) {
        status = refusal.status
        send(refusal.reason + "\n")
    }

    /// Promises an answer that any thread may give. Requests behind this one wait for it.
    package mutating func later() -> PendingResponse {
        take(.later)
        switch way {
        case .connection(let connection): return connection.promise(facts)
        case .promised(let promised): return promised
        }
    }

    /// Changes to WebSocket; a request that is no handshake for it is refused.
    package mutating func webSocket(
        for request: borrowing Request, _ events: WebSocketEvents, _ options: WebSocketOptions = WebSocketOptions()
    ) -> WebSocket? {
        guard case .connection(let connection) = way else {
            preconditionFailure("BUG: a request with a body changes to WebSocket")
        }
        if let refusal = WebSocketHandshake.refusal(request, connection.core.options.crossOrigin) {
            if refusal.status == .upgradeRequired {
                fields.append("Upgrade", "websocket")
                fields.append("Sec-WebSocket-Version", "13")
            }
            refuse(refusal)
            return nil
        }
        take(.upgraded)
        let accept = WebSocketHandshake.accept(request.headerText("sec-websocket-key") ?? "")
        return connection.upgrade(facts, accept: accept, fields, options, events)
    }

    private mutating func answer(_ body: Span<UInt8>, _ contentType: String?) {
        take(.sent)
        switch way {
        case .connection(let connection):
            connection.answer(status, facts, fields, body, contentType: contentType, contentEncoding: contentEncoding)
        case .promised(let promised):
            promised.answer(status, body, contentType, contentEncoding, fields)
        }
    }

    private mutating func take(_ next: State) {
        precondition(state == .open, "BUG: a request is answered twice")
        state = next
    }
}

/// The media types that more than one surface answers with.
package enum ContentType {
    package static var text: String { "text/plain; charset=utf-8" }
    package static var json: String { "application/json" }
    package static var html: String { "text/html; charset=utf-8" }
}

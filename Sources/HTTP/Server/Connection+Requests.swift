import Posix

/// What was decided about a request from its head alone.
struct Admission {
    let route: Route
    let principal: Principal?
    let bodyBytesMax: Int
}

/// Reading requests and having them answered. While this runs, the bytes are in `worker.request.input`: the worker's
/// own buffer where the connection has none, otherwise the connection's, which is swapped in and back.
extension Connection {
    /// Reads that one event may cost before others get their turn.
    private static let readsPerTurn = 16

    func receive() {
        let isOwn = input.capacity > 0
        if isOwn { swap(&worker.request.input, &input) }
        readAndServe()
        if isOwn { swap(&worker.request.input, &input) }
        keepRest(isOwn: isOwn)
        rearm()
    }

    private func readAndServe() {
        // What was left over when the last answer could not be written comes first.
        if !worker.request.input.isEmpty { serve() }
        for _ in 0..<Self.readsPerTurn {
            guard phase == .requests, output.isEmpty, !closesAfterOutput else { return }
            let wanted = makeRoom()
            switch transport.read(into: &worker.request.input, atMost: wanted) {
            case .moved(let count):
                rate.moved(count)
                serve()
                if count < wanted, !transport.isSecure { return }
            case .wouldBlock: return
            case .ended: return peerEnded()
            case .failed: return close()
            }
        }
        if let registration { worker.loop.again(registration) }
    }

    /// - Returns: how much to read: not beyond a body of known length.
    private func makeRoom() -> Int {
        switch reading {
        case .head:
            worker.request.input.reserve(Worker.headReadBytes)
            return worker.request.input.freeCount
        case .length(_, let end):
            let left = end - worker.request.input.count
            // Memory for a huge body is taken as it arrives, not as it is announced.
            worker.request.input.reserve(min(left, max(Worker.bodyReadBytes, worker.request.input.count)))
            return min(left, worker.request.input.freeCount)
        case .chunked:
            worker.request.input.reserve(Worker.scratchBytes)
            return worker.request.input.freeCount
        }
    }

    /// Leaves the bytes of an incomplete request with the connection, in a buffer of fitting size.
    func keepRest(isOwn: Bool) {
        if phase == .closed || phase == .lingering {
            input = SocketBuffer()
            worker.request.input.removeAll()
        }
        if isOwn {
            if input.isEmpty { input = SocketBuffer() }
        } else if worker.request.input.isEmpty {
            worker.renewScratch()
        } else if worker.request.input.capacity > Worker.scratchBytes {
            swap(&worker.request.input, &input)
            worker.renewScratch()
        } else {
            input = SocketBuffer(capacity: worker.request.input.count + Worker.headReadBytes)
            input.append(emptying: &worker.request.input)
        }
    }

    private func peerEnded() {
        if requestStartNs != nil {
            return refuse(RequestRefusal(.badRequest, "the connection ended inside of a request"))
        }
        close()
    }

    /// Goes through the requests that have arrived.
    private func serve() {
        do {
            while phase == .requests, !closesAfterOutput, output.isEmpty, try serveNext() {
                if worker.output.count >= Worker.scratchBytes { flushWorker() }
            }
        } catch {
            refuse(error)
        }
        flushWorker()
    }

    /// - Returns: false when more bytes are needed.
    private func serveNext() throws(RequestRefusal) -> Bool {
        switch reading {
        case .head: return try readHead()
        case .length(let bodyStart, let end):
            guard worker.request.input.count >= end else { return false }
            try readHeadAgain(bodyStart)
            try serveBody(bodyStart..<end, requestEnd: end)
            return true
        case .chunked(var body, let bodyStart):
            let isComplete = try body.advance(&worker.request.input)
            if !isComplete { body.closeGap(&worker.request.input) }
            reading = .chunked(body, bodyStart: bodyStart)
            guard isComplete else { return false }
            try readHeadAgain(bodyStart)
            try serveBody(bodyStart..<body.decodedEnd, requestEnd: body.rawStart)
            return true
        }
    }

    private func readHead() throws(RequestRefusal) -> Bool {
        skipEmptyLine()
        guard !worker.request.input.isEmpty else { return false }
        if requestStartNs == nil { requestStartNs = worker.loop.nowNs }
        guard let end = try worker.request.scan(&scanner, core.options.head) else {
            armHeadDeadline()
            return false
        }
        try worker.request.parseHead(end: end)
        return try admit(headEnd: end)
    }

    /// Some clients send an empty line behind a body (RFC 9112, 2.2).
    private func skipEmptyLine() {
        if requestStartNs == nil, worker.request.beginsWithEmptyLine { worker.request.input.consume(2) }
    }

    private func armHeadDeadline() {
        guard let requestStartNs, let registration else { return }
        worker.loop.setDeadline(requestStartNs + core.options.headNs, of: registration)
    }

    /// The head was overwritten by other connections' while the body arrived.
    private func readHeadAgain(_ headEnd: Int) throws(RequestRefusal) {
        try worker.request.parseHead(end: headEnd)
        _ = try worker.request.findEndpoint(core.router)
    }

    /// Finds the route, asks the gate, and goes on to the body.
    private func admit(headEnd: Int) throws(RequestRefusal) -> Bool {
        prepareRequest()
        guard let admission = try decide(headEnd: headEnd) else { return true }
        self.admission = admission
        switch worker.request.head.body {
        case .none: try serveBody(headEnd..<headEnd, requestEnd: headEnd)
        case .length(let length):
            if length > admission.bodyBytesMax { throw tooLarge(admission) }
            let end = headEnd + length
            if worker.request.input.count >= end {
                try serveBody(headEnd..<end, requestEnd: end)
                return true
            }
            beginBody(.length(bodyStart: headEnd, end: end))
        case .chunked:
            let body = ChunkedBody(bodyStart: headEnd, bytesMax: admission.bodyBytesMax)
            beginBody(.chunked(body, bodyStart: headEnd))
        }
        return true
    }

    private func beginBody(_ reading: Reading) {
        self.reading = reading
        rate.reset()
        setDeadline(afterNs: core.options.rateWindowNs)
        if worker.request.head.expectsContinue { worker.output.append("HTTP/1.1 100 Continue\r\n\r\n") }
    }

    private func tooLarge(_ admission: Admission) -> RequestRefusal {
        RequestRefusal(
            .contentTooLarge, "the body is larger than the \(admission.bodyBytesMax) bytes that this path takes")
    }

    private func prepareRequest() {
        worker.request.peer = peer
        worker.request.isSecure = transport.isSecure
        worker.request.principal = nil
        worker.request.route = nil
        worker.request.hasDecodedBody = false
        worker.request.bodyRange = 0..<0
        worker.request.id = core.nextRequestID()
        worker.request.method = worker.request.head.method
    }

    /// - Returns: nil when the request is answered already.
    private func decide(headEnd: Int) throws(RequestRefusal) -> Admission? {
        let method = worker.request.head.method
        let endpoint = try worker.request.findEndpoint(core.router)
        if method == .options, endpoint?.route(for: .options) == nil {
            answerOptions(endpoint, headEnd)
            return nil
        }
        guard let endpoint else {
            answerFromHead(RequestRefusal(.notFound, "there is nothing at this path"), headEnd)
            return nil
        }
        guard let route = endpoint.route(for: method) else {
            var fields = ResponseFields()
            fields.append("Allow", endpoint.allow)
            answerFromHead(
                RequestRefusal(.methodNotAllowed, "this path takes \(endpoint.allow)"), headEnd, fields)
            return nil
        }
        worker.request.route = route
        return askGate(route, headEnd)
    }

    private func askGate(_ route: Route, _ headEnd: Int) -> Admission? {
        var principal: Principal?
        if let verdict = decided ?? core.gate?(worker.request, route) {
            decided = nil
            switch verdict {
            case .admitted(let someone): principal = someone
            case .refused(let refusal, let challenge, let retryAfterSeconds):
                var fields = ResponseFields()
                if let challenge { fields.append("WWW-Authenticate", challenge) }
                if let retryAfterSeconds { fields.append("Retry-After", "\(retryAfterSeconds)") }
                answerFromHead(refusal, headEnd, fields)
                return nil
            case .later(let begin):
                awaitVerdict(begin)
                return nil
            }
        }
        return Admission(
            route: route, principal: principal, bodyBytesMax: route.bodyBytesMax ?? core.options.bodyBytesMax)
    }

    /// Leaves the head with the connection until the gate has decided; then it is read again.
    private func awaitVerdict(_ begin: (_ decide: @escaping @Sendable (GateVerdict) -> Void) -> Void) {
        phase = .deciding
        setDeadline(afterNs: core.options.verdictNs)
        let loop = worker.loop
        begin { [weak self] verdict in
            loop.submit { [weak self] in self?.gateDecided(verdict) }
        }
    }

    private func gateDecided(_ verdict: GateVerdict) {
        guard phase == .deciding else { return }
        if case .later = verdict { preconditionFailure("BUG: a gate that was to decide later asks for more time") }
        phase = .requests
        decided = verdict
        scanner = HeadScanner()
        setDeadline(afterNs: nil)
        receive()
    }

    /// Has the handler answer, with the body complete.
    private func serveBody(_ body: Range<Int>, requestEnd: Int) throws(RequestRefusal) {
        guard let admission else { preconditionFailure("BUG: a request is served before it is admitted") }
        self.admission = nil
        worker.request.route = admission.route
        worker.request.principal = admission.principal
        worker.request.bodyRange = body
        worker.request.hasDecodedBody = false
        worker.request.peer = peer
        worker.request.isSecure = transport.isSecure
        worker.request.method = worker.request.head.method
        if admission.route.role == .ingest, body.count >= core.options.besideBytesMin, let pool = core.beside {
            return handOver(admission, requestEnd: requestEnd, to: pool)
        }
        if !body.isEmpty {
            try worker.request.decodeBody(&worker.codecs, bytesMax: admission.bodyBytesMax)
        }
        var facts = facts(bodyBytes: body.count)
        facts.isHandled = true
        worker.began(admission.route)
        var response = Response(self, facts)
        admission.route.handler(worker.request, &response)
        if response.state == .open {
            response.refuse(RequestRefusal(.internalServerError, "the handler of this path gave no answer"))
        }
        switch response.state {
        case .later: phase = .answering
        case .upgraded: phase = .webSocket
        case .open, .sent: break
        }
        finishReading(requestEnd)
    }

    /// Has a thread of the pool decompress the body and call the handler.
    private func handOver(_ admission: Admission, requestEnd: Int, to pool: HandlerPool) {
        var facts = facts(bodyBytes: worker.request.bodyRange.count)
        facts.isHandled = true
        worker.began(admission.route)
        let pending = promise(facts)
        phase = .answering
        let request = Lock(worker.request.takeOut(end: requestEnd))
        finishReading(0)
        let isTaken = pool.run { [facts] in
            request.withLock { request in
                var response = Response(pending, facts)
                do throws(RequestRefusal) {
                    var codecs = BodyCodecs()
                    try request.decodeBody(&codecs, bytesMax: admission.bodyBytesMax)
                    admission.route.handler(request, &response)
                    if response.state == .open {
                        throw RequestRefusal(.internalServerError, "the handler of this path gave no answer")
                    }
                } catch {
                    response.refuse(error)
                }
            }
        }
        if !isTaken { pending.refuse(behind: core.options.besideWaitingMax) }
    }

    private func finishReading(_ requestEnd: Int) {
        worker.request.input.consume(requestEnd)
        worker.request.principal = nil
        reading = .head
        scanner = HeadScanner()
        requestStartNs = nil
        noteServed()
    }

    private func facts(bodyBytes: Int) -> ExchangeFacts {
        var facts = ExchangeFacts()
        facts.method = worker.request.method
        facts.route = worker.request.route
        facts.peer = peer
        facts.principal = worker.request.principal
        facts.id = worker.request.id
        facts.isVersion11 = worker.request.head.isVersion11
        facts.keepsAlive = worker.request.head.keepsAlive && !worker.isDraining
        facts.isHead = worker.request.method == .head
        facts.acceptsGzip = worker.request.head.acceptsGzip
        facts.startNs = requestStartNs ?? worker.loop.nowNs
        facts.bodyBytes = bodyBytes
        if core.accessLog != nil { facts.path = worker.request.pathText }
        if core.options.crossOrigin != .none, let origin = worker.request.headerText("origin") {
            facts.allowOrigin = core.options.crossOrigin.allowed(origin)
        }
        return facts
    }
}

/// Answers that no handler gives.
extension Connection {
    /// Answers from the head alone. The connection stays open only if the body, too, is already here to be passed over.
    private func answerFromHead(
        _ refusal: RequestRefusal, _ headEnd: Int, _ fields: consuming ResponseFields = ResponseFields()
    ) {
        answerFromHead(refusal.status, refusal.reason + "\n", headEnd, fields)
    }

    private func answerFromHead(
        _ status: Status, _ text: String, _ headEnd: Int, _ fields: borrowing ResponseFields
    ) {
        var facts = facts(bodyBytes: 0)
        var end = headEnd
        switch worker.request.head.body {
        case .none: break
        case .length(let length):
            end += length
            if end > worker.request.input.count { facts.keepsAlive = false }
        case .chunked: facts.keepsAlive = false
        }
        answer(status, facts, fields, text: text)
        finishReading(min(end, worker.request.input.count))
    }

    /// OPTIONS tells the methods, and what pages of other origins may send.
    private func answerOptions(_ endpoint: Router.Endpoint?, _ headEnd: Int) {
        var fields = ResponseFields()
        let allow = endpoint?.allow ?? Method.allCases.filter { $0 != .other }.map(\.name).joined(separator: ", ")
        fields.append("Allow", allow)
        if core.options.crossOrigin != .none {
            fields.append("Access-Control-Allow-Methods", allow)
            fields.append("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin")
            fields.append("Access-Control-Max-Age", "86400")
        }
        answerFromHead(.noContent, "", headEnd, fields)
    }

    /// Refuses what cannot be read as a request, and ends the connection: what follows has no certain meaning.
    func refuse(_ refusal: RequestRefusal) {
        var facts = ExchangeFacts()
        facts.peer = peer
        facts.startNs = requestStartNs ?? worker.loop.nowNs
        facts.id = core.nextRequestID()
        admission = nil
        answer(refusal.status, facts, ResponseFields(), text: refusal.reason + "\n")
        flushWorker()
    }
}

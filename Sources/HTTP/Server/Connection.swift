import Crypto
import Posix
import Telemetry

/// One client's connection: reads requests, has them answered in order, writes the answers.
final class Connection: EventHandler, @unchecked Sendable {  // used on its worker's thread alone
    enum Phase {
        /// TLS is being agreed on.
        case handshake
        /// Between and inside of requests.
        case requests
        /// The gate needs time for the request whose head is in the input; nothing is read until it has decided.
        case deciding
        /// A handler promised an answer for later; nothing is read until it is there.
        case answering
        /// Frames instead of requests.
        case webSocket
        /// The last answer is written; what the client still sends is dropped, so that the answer reaches it.
        case lingering
        case closed
    }

    /// How much of the current request is there.
    enum Reading {
        case head
        /// - Parameter end: where the body ends in the input.
        case length(bodyStart: Int, end: Int)
        case chunked(ChunkedBody, bodyStart: Int)
    }

    /// Strong, because an unowned reference costs an atomic operation at each use; closing takes the connection out of the
    /// worker's list, which breaks the cycle.
    let worker: Worker
    let peer: SocketAddress
    var transport: Transport
    var registration: EventLoop.Registration?
    /// Where the worker's list holds this connection.
    var place = 0

    /// An incomplete request. Without memory while there is none.
    var input = SocketBuffer()
    /// What the client did not take yet. Nothing more is read while there is any.
    var output = SocketBuffer()
    var phase = Phase.requests
    var reading = Reading.head
    var scanner = HeadScanner()
    /// Monotonic; nil before the first byte of a request.
    var requestStartNs: Int64?
    /// The route and the principal of a request whose body is awaited.
    var admission: Admission?
    /// What the gate said about the request at hand after it had needed time.
    var decided: GateVerdict?
    var channel: AnswerChannel?
    var webSocket: WebSocketSession?
    var closesAfterOutput = false
    var rate = RateWatch()
    /// What the client had not confirmed when the present window began.
    private var unconfirmedBytes = 0
    private var sawPeerEnd = false
    private var hasServed = false
    private var lingeredBytes = 0

    init(_ worker: Worker, _ socket: consuming Socket, _ tls: TLSSession?, peer: SocketAddress) {
        self.worker = worker
        self.peer = peer
        transport = Transport(socket, tls)
        if tls != nil { phase = .handshake }
    }

    var core: ServerCore { worker.core }

    /// No byte of a request is here and no answer is under way.
    var isIdle: Bool { phase == .requests && requestStartNs == nil && output.isEmpty }

    func start() throws(SystemError) {
        registration = try worker.loop.register(
            self, descriptor: transport.socket.descriptor, interest: [.readable, .peerEnded])
        setDeadline(afterNs: phase == .handshake ? core.options.handshakeNs : core.options.firstByteNs)
    }

    func ready(_ events: EventLoop.Events) {
        if events.contains(.failed) || events.contains(.hungUp) { return close(saysGoodbye: false) }
        if !output.isEmpty {
            flush()
            if !output.isEmpty { return }
        }
        switch phase {
        case .handshake: shakeHands()
        case .requests: receive()
        case .deciding, .answering: noticeWhileAnswering(events)
        case .webSocket:
            receiveFrames()
            // What was queued while the client did not read found the loop told already.
            pump()
        case .lingering: drain()
        case .closed: break
        }
    }

    func deadlinePassed() {
        // Everything written so far is taken; how long the rest of the answer takes is the handler's.
        if phase == .answering, output.isEmpty { return }
        if phase == .webSocket, output.isEmpty { return probeWebSocket() }
        let isMoving = !output.isEmpty || isReadingBody
        if !output.isEmpty { noteConfirmed() }
        if isMoving, rate.wasFastEnough(bytesMin: core.options.rateBytesMin) {
            return setDeadline(afterNs: core.options.rateWindowNs)
        }
        if !output.isEmpty {
            core.metrics.slowReaders.add()
            webSocket?.ended(.tooSlow)
            return reset()
        }
        if phase == .handshake { core.metrics.handshakeFailures.add() }
        if phase == .requests, requestStartNs != nil {
            core.metrics.timeouts.add()
            return refuse(RequestRefusal(.requestTimeout, "the request took too long to arrive"))
        }
        close()
    }

    /// Begins to watch how fast the client reads.
    func watchReader() {
        rate.reset()
        unconfirmedBytes = transport.socket.unconfirmedBytes()
        setDeadline(afterNs: core.options.rateWindowNs)
    }

    private func noteConfirmed() {
        let left = transport.socket.unconfirmedBytes()
        rate.moved(unconfirmedBytes - left)
        unconfirmedBytes = left
    }

    var isReadingBody: Bool {
        if case .head = reading { return false }
        return phase == .requests
    }

    func setDeadline(afterNs: Int64?) {
        guard let registration else { return }
        worker.loop.setDeadline(afterNs.map { worker.loop.nowNs + $0 }, of: registration)
    }

    /// Sets the deadline and the interest that the present phase wants.
    func rearm() {
        guard phase != .closed, let registration else { return }
        if !output.isEmpty {
            worker.loop.setInterest(transport.writeNeeds, of: registration)
            return
        }
        switch phase {
        case .requests:
            worker.loop.setInterest([transport.readNeeds, .peerEnded], of: registration)
            if requestStartNs == nil, hasServed { setDeadline(afterNs: core.options.idleNs) }
        case .webSocket:
            worker.loop.setInterest([transport.readNeeds, .peerEnded], of: registration)
            if let webSocket { setDeadline(afterNs: webSocket.options.silenceNs) }
        case .handshake:
            // The interest that it began with, unless it waits to write: each change is a system call.
            let isReading = transport.readNeeds == .readable
            worker.loop.setInterest(isReading ? [.readable, .peerEnded] : transport.readNeeds, of: registration)
        case .lingering: worker.loop.setInterest(transport.readNeeds, of: registration)
        case .deciding, .answering, .closed: break
        }
    }

    private func shakeHands() {
        switch transport.handshake() {
        case .moved:
            core.metrics.handshakes.add()
            phase = .requests
            setDeadline(afterNs: core.options.firstByteNs)
            if transport.holdsBytes { receive() } else { rearm() }
        case .wouldBlock: rearm()
        case .ended, .failed:
            core.metrics.handshakeFailures.add()
            close()
        }
    }

    func noteServed() { hasServed = true }

    private func noticeWhileAnswering(_ events: EventLoop.Events) {
        guard let registration else { return }
        if events.contains(.peerEnded) {
            sawPeerEnd = true
            channel?.clientIsGone()
        }
        worker.loop.setInterest(sawPeerEnd ? [] : .peerEnded, of: registration)
        pump()
    }

    /// Ends the connection once what is written has had the time to arrive: data that comes after `close` would make the
    /// kernel reset the connection, and the client would lose the answer.
    func linger() {
        transport.shutdownWriting()
        phase = .lingering
        setDeadline(afterNs: core.options.lingerNs)
        rearm()
    }

    private func drain() {
        worker.output.removeAll()
        worker.output.reserve(Worker.scratchBytes)
        switch transport.read(into: &worker.output, atMost: Worker.scratchBytes) {
        case .moved(let count):
            lingeredBytes += count
            if lingeredBytes > core.options.bodyBytesMax { reset() }
        case .wouldBlock: break
        case .ended, .failed: close()
        }
        worker.output.removeAll()
    }

    /// Ends the connection at once, telling the peer that what it did not take is lost.
    func reset() {
        transport.socket.resetOnClose()
        close(saysGoodbye: false)
    }

    func close(saysGoodbye: Bool = true) {
        guard phase != .closed else { return }
        if saysGoodbye, phase == .requests { transport.shutdownWriting() }
        let wasAnswering = phase == .answering
        phase = .closed
        webSocket?.ended(.brokenOff)
        webSocket = nil
        channel?.close()
        if let channel, wasAnswering {
            worker.finished(channel.facts, .clientClosedRequest, sentBytes: 0)
        }
        channel = nil
        if let registration { worker.loop.unregister(registration) }
        worker.remove(self)
    }
}

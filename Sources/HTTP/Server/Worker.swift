import Crypto
import Posix
import Synchronization
import Telemetry

/// A thread with its event loop and its share of the connections.
final class Worker: @unchecked Sendable {  // beyond load and loop all is used by the worker's thread alone
    static let scratchBytes = 64 << 10
    /// Room for a head that arrives in pieces.
    static let headReadBytes = 4 << 10
    /// Memory that a body gets before any of it has arrived.
    static let bodyReadBytes = 4 << 20

    let core: ServerCore
    let loop: EventLoop
    let time: any TimeSource
    /// Connections, for whoever looks for the worker with the fewest.
    let load = Atomic<Int>(0)

    /// The request at hand. Its input is the scratch buffer into which idle connections read.
    var request = Request(input: SocketBuffer(capacity: scratchBytes))
    /// Answers to the requests of one event.
    var output = SocketBuffer(capacity: scratchBytes)
    var codecs = BodyCodecs()
    private(set) var isDraining = false
    private var connections: [Connection] = []
    private var httpDate = HTTPDate()
    private var drainWatch: DrainWatch?
    /// By the index of the route; the last is for requests without one.
    private var meters: [RouteMeter]

    init(_ core: ServerCore, _ time: any TimeSource) throws(SystemError) {
        self.core = core
        self.time = time
        meters = core.router.routes.map { RouteMeter(core.metrics, route: $0.pattern) }
        meters.append(RouteMeter(core.metrics, route: ""))
        loop = try EventLoop(time: time)
    }

    func date() -> String {
        httpDate.refresh(nowNs: loop.nowNs, time)
        return httpDate.text
    }

    /// Sends back what a ping carries.
    func answerPing(_ payload: Range<Int>) {
        request.input.lend(payload) { output.appendFrame(opcode: 10, $0) }
    }

    /// Notes that a handler begins.
    func began(_ route: Route) {
        meters[route.index].began()
    }

    /// Counts and logs a request whose answer is complete.
    func finished(_ facts: ExchangeFacts, _ status: Status, sentBytes: Int) {
        facts.principal?.place?.giveBack()
        let durationNs = time.monotonicNs - facts.startNs
        let sent = facts.isHead ? 0 : sentBytes
        let meter = facts.route?.index ?? meters.count - 1
        if facts.isHandled { meters[meter].ended() }
        meters[meter].finished(facts, status, sent: sent, durationNs: durationNs)
        guard let accessLog = core.accessLog else { return }
        accessLog(
            AccessRecord(
                method: facts.method, path: facts.path, route: facts.route, isHandled: facts.isHandled, status: status,
                peer: facts.peer, principal: facts.principal, requestID: facts.id, receivedBytes: facts.bodyBytes,
                sentBytes: sent, durationNs: durationNs))
    }

    /// Gives back the memory of a request that outgrew the scratch buffer.
    func renewScratch() {
        if request.input.capacity != Self.scratchBytes { request.input = SocketBuffer(capacity: Self.scratchBytes) }
    }

    /// Serves a connection that was counted in `load` already.
    func adopt(_ socket: consuming Socket, _ tls: TLSContext?, peer: SocketAddress) {
        do {
            let session = try tls.map { context throws(TLSError) in
                try TLSSession(accepting: context, descriptor: socket.descriptor)
            }
            let connection = Connection(self, socket, session, peer: peer)
            connection.place = connections.count
            connections.append(connection)
            do {
                try connection.start()
            } catch {
                connection.close()
            }
        } catch {
            forget()
        }
    }

    func remove(_ connection: Connection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.place] = last
            last.place = connection.place
        }
        forget()
        if isDraining, connections.isEmpty { loop.stop() }
    }

    private func forget() {
        load.wrappingSubtract(1, ordering: .relaxed)
        core.connectionEnded()
    }

    /// Lets requests finish and ends the loop: when all connections have ended, or after the time.
    func drain(atMostNs limitNs: Int64) {
        isDraining = true
        for connection in connections.reversed() {
            if connection.isIdle { connection.close() } else { connection.closeWebSocketForDrain() }
        }
        if connections.isEmpty { return loop.stop() }
        let watch = DrainWatch(self)
        drainWatch = watch
        do {
            let registration = try loop.register(watch)
            loop.setDeadline(loop.nowNs + limitNs, of: registration)
        } catch {
            closeAll()
        }
    }

    fileprivate func closeAll() {
        for connection in connections.reversed() { connection.close() }
    }
}

/// The end of the time that a drain may take.
private final class DrainWatch: EventHandler {
    private unowned let worker: Worker

    init(_ worker: Worker) {
        self.worker = worker
    }

    func ready(_ events: EventLoop.Events) {}

    func deadlinePassed() { worker.closeAll() }
}

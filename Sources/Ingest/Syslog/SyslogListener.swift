import Crypto
import Encoding
import HTTP
import Model
import Posix
import Storage
import Telemetry

/// Takes syslog by datagrams and streams. Used by the loop's thread alone once it runs.
///
/// Syslog knows no answers. A stream is not read on while the store takes nothing, so that its sender waits or keeps what it
/// has; datagrams are lost then, and counted.
final class SyslogListener: @unchecked Sendable {  // see above
    static let connectionsMax = 1024

    private let loop: EventLoop
    private let intake: LogIntake
    private let time: any TimeSource
    private let lostInKernel: Counter
    private let lostByStore: Counter
    private let turnedAway: Counter
    private var sources: [DatagramSource] = []
    private var doors: [StreamDoor] = []
    private var connections: [ObjectIdentifier: SyslogConnection] = [:]

    init(_ loop: EventLoop, _ context: LogIngestContext) {
        self.loop = loop
        time = context.time
        intake = LogIntake("syslog", context)
        let lost = DatagramSource.lost(context.registry)
        lostInKernel = lost.with("syslog", "overflow")
        lostByStore = lost.with("syslog", "store")
        turnedAway = context.registry.counter(
            "obs_ingest_syslog_refused_connections_total", "Connections beyond the limit, or whose TLS failed.")
    }

    /// - Returns: the address with the port that the kernel chose.
    func listen(_ options: SyslogOptions) throws -> SocketAddress {
        if options.carrier == .udp {
            let batch = SyslogBatch(options, time)
            let source = try DatagramSource(
                loop, options.address, lost: lostInKernel, roundEnded: { [unowned self] in flush(batch) }
            ) { batch.add($0.span, peer: nil) }
            sources.append(source)
            return source.address
        }
        let store = try options.tls.map { tls throws(TLSError) in try TLSStore(tls, time: time) }
        let door = try StreamDoor(loop, options.address) { [unowned self] socket, peer in
            open(socket, peer, options, store)
        }
        doors.append(door)
        return door.address
    }

    func end() {
        for source in sources { source.end() }
        for door in doors { door.end() }
        for connection in connections.values { connection.end() }
        connections = [:]
    }

    private func open(
        _ socket: consuming Socket, _ peer: SocketAddress, _ options: SyslogOptions, _ store: TLSStore?
    ) {
        guard connections.count < Self.connectionsMax else { return turnedAway.add() }
        do throws(TLSError) {
            let descriptor = socket.descriptor
            let session = try store.map { store throws(TLSError) in
                try TLSSession(accepting: store.current, descriptor: descriptor)
            }
            let connection = SyslogConnection(
                loop, Transport(socket, session), SyslogBatch(options, time), peer: peer,
                take: { [unowned self] batch in take(batch) },
                ended: { [unowned self] id, isRefused in
                    connections[id] = nil
                    if isRefused { turnedAway.add() }
                })
            connections[ObjectIdentifier(connection)] = connection
        } catch {
            turnedAway.add()
        }
    }

    private func flush(_ batch: SyslogBatch) {
        let count = batch.count
        if !take(batch) {
            lostByStore.add(count)
            batch.removeAll()
        }
    }

    /// False where the store takes nothing now; the batch stays then.
    private func take(_ batch: SyslogBatch) -> Bool {
        if batch.count == 0 { return true }
        do throws(RequestRefusal) {
            _ = try intake.take(batch.batch)
            batch.removeAll()
            return true
        } catch {
            return false
        }
    }
}

/// Messages on their way into the store, of one listener or connection.
final class SyslogBatch {
    private(set) var batch = LogBatch()
    private let base: [(name: String, value: String)]
    private let zone: TimeZone
    private let time: any TimeSource
    private var streams: [Labels: Int] = [:]

    init(_ options: SyslogOptions, _ time: any TimeSource) {
        zone = options.zone
        base = options.labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.time = time
    }

    var count: Int { batch.entries.count }

    /// - Parameter peer: stands in for a host that the message does not tell.
    func add(_ bytes: Span<UInt8>, peer: SocketAddress?) {
        let nowMs = time.wallMs
        let message = SyslogMessage(bytes, nowMs: nowMs, zone)
        var builder = LabelsBuilder()
        builder.set("source", "syslog")
        builder.set("host", message.host.isEmpty ? peer?.host ?? "" : message.host)
        builder.set("app", message.app)
        builder.set("facility", SyslogMessage.facilities[message.facility])
        for label in base { builder.set(label.name, label.value) }
        let labels = builder.labels()
        let stream = streams[labels] ?? batch.appendStream(labels)
        streams[labels] = stream
        builder = LabelsBuilder()
        builder.set("level", SyslogMessage.severities[message.severity])
        builder.set("pid", message.process)
        builder.set("msgid", message.messageID)
        for parameter in message.parameters { builder.set(parameter.name, parameter.value) }
        batch.append(
            message.timestampNs ?? nowMs * 1_000_000, stream: stream, bytes.extracting(message.text),
            metadata: builder.labels())
    }

    func removeAll() {
        batch.removeAll()
        streams.removeAll(keepingCapacity: true)
    }
}

/// One sender on a stream.
private final class SyslogConnection: EventHandler {
    private static let handshakeNs: Int64 = 10_000_000_000
    private static let silenceNs: Int64 = 3_600_000_000_000
    private static let retryNs: Int64 = 500_000_000
    private static let readBytesMax = 64 << 10
    /// Reads before others get their turn.
    private static let roundsMax = 16

    private let loop: EventLoop
    private var transport: Transport
    private let batch: SyslogBatch
    private let peer: SocketAddress
    private let take: (SyslogBatch) -> Bool
    private let ended: (ObjectIdentifier, _ isRefused: Bool) -> Void
    private var registration: EventLoop.Registration?
    private var frames = SyslogFrames()
    private var isShaken: Bool
    /// The store takes nothing now: what was read waits, and nothing more is read.
    private var isWaiting = false
    /// The sender has ended; what was read is still to be taken.
    private var isOver = false

    init(
        _ loop: EventLoop, _ transport: consuming Transport, _ batch: SyslogBatch, peer: SocketAddress,
        take: @escaping (SyslogBatch) -> Bool, ended: @escaping (ObjectIdentifier, _ isRefused: Bool) -> Void
    ) {
        self.loop = loop
        isShaken = !transport.isSecure
        self.transport = transport
        (self.batch, self.peer, self.take, self.ended) = (batch, peer, take, ended)
        // epoll refuses only what is no socket.
        registration = try? loop.register(  // see above
            self, descriptor: self.transport.socket.descriptor, interest: .readable)
        wait(isShaken ? Self.silenceNs : Self.handshakeNs)
    }

    private func wait(_ ns: Int64) {
        if let registration { loop.setDeadline(loop.nowNs + ns, of: registration) }
    }

    func ready(_ events: EventLoop.Events) {
        if isWaiting { return }
        if !isShaken {
            switch transport.handshake() {
            case .moved: isShaken = true
            case .wouldBlock:
                if let registration { loop.setInterest(transport.readNeeds, of: registration) }
                return
            case .ended, .failed: return end(isRefused: true)
            }
        }
        read()
        settle()
    }

    /// Reads what is there and cuts it into messages.
    private func read() {
        wait(Self.silenceNs)
        var input = SocketBuffer(capacity: Self.readBytesMax)
        for _ in 0..<Self.roundsMax {
            switch transport.read(into: &input, atMost: Self.readBytesMax) {
            case .moved:
                frames.take(input.bytes) { batch.add($0, peer: peer) }
                input.removeAll()
            case .wouldBlock:
                if let registration { loop.setInterest(transport.readNeeds, of: registration) }
                return
            case .ended, .failed:
                frames.end { batch.add($0, peer: peer) }
                isOver = true
                return
            }
        }
        if let registration { loop.again(registration) }
    }

    /// Gives the store what was read.
    private func settle() {
        isWaiting = !take(batch)
        if isWaiting {
            if let registration { loop.setInterest([], of: registration) }
            return wait(Self.retryNs)
        }
        if isOver { end() }
    }

    func deadlinePassed() {
        guard isWaiting else { return end() }
        settle()
        guard !isWaiting, let registration else { return }
        loop.setInterest(transport.readNeeds, of: registration)
        loop.again(registration)
        wait(Self.silenceNs)
    }

    func end() { end(isRefused: false) }

    private func end(isRefused: Bool) {
        if let registration { loop.unregister(registration) }
        registration = nil
        ended(ObjectIdentifier(self), isRefused)
    }
}

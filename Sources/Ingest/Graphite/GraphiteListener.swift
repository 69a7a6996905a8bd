import Encoding
import Posix
import Storage
import Telemetry

/// Takes Graphite's plaintext over streams. Used by the loop's thread alone once it runs.
final class GraphiteListener: @unchecked Sendable {  // see above
    static let connectionsMax = 1024
    /// A line that is longer is none; its connection ends.
    static let lineBytesMax = 64 << 10

    private let loop: EventLoop
    private let intake: MetricIntake
    private let flawed: Counter
    private let time: any TimeSource
    private var batch: LabelledBatch
    private var listeners: [StreamDoor] = []
    private var connections: [ObjectIdentifier: GraphiteConnection] = [:]

    init(_ loop: EventLoop, _ context: IngestContext) {
        self.loop = loop
        intake = MetricIntake("graphite", store: context.store, registry: context.registry)
        flawed = context.registry.counters(
            "obs_ingest_flawed_lines_total", "Lines that could not be read, by protocol.", labels: ["protocol"]
        ).with("graphite")
        time = context.time
        batch = LabelledBatch(keySeed: context.keySeed)
    }

    func listen(on address: SocketAddress) throws(SystemError) {
        listeners.append(try StreamDoor(loop, address) { [unowned self] socket, _ in open(socket) })
    }

    func end() {
        for listener in listeners { listener.end() }
        for connection in connections.values { connection.end() }
        connections = [:]
    }

    private func open(_ socket: consuming Socket) {
        guard connections.count < Self.connectionsMax else { return }
        let connection = GraphiteConnection(
            loop, socket, take: { [unowned self] in take($0) }, ended: { [unowned self] in connections[$0] = nil })
        connections[ObjectIdentifier(connection)] = connection
    }

    /// Whole lines.
    private func take(_ bytes: Span<UInt8>) {
        var start = 0
        while start < bytes.count {
            let end = bytes.offset(of: UInt8(ascii: "\n"), from: start) ?? bytes.count
            if end > start {
                do throws(GraphiteLine.Flaw) {
                    let line = try GraphiteLine(bytes.extracting(start..<end))
                    batch.add(line.labels, line.value, atMs: line.timestampMs ?? time.wallMs)
                } catch {
                    flawed.add()
                }
            }
            start = end + 1
        }
        // The protocol has no answer: what is refused is counted.
        _ = try? batch.take(by: intake)  // see above
    }
}

private final class GraphiteConnection: EventHandler {
    private static let silenceNsMax: Int64 = 600_000_000_000
    private static let readBytesMax = 64 << 10

    private let loop: EventLoop
    private let socket: Socket
    private let take: (Span<UInt8>) -> Void
    private let ended: (ObjectIdentifier) -> Void
    private var registration: EventLoop.Registration?
    /// The beginning of a line whose end has not come.
    private var rest: [UInt8] = []

    init(
        _ loop: EventLoop, _ socket: consuming Socket, take: @escaping (Span<UInt8>) -> Void,
        ended: @escaping (ObjectIdentifier) -> Void
    ) {
        self.loop = loop
        self.socket = socket
        (self.take, self.ended) = (take, ended)
        // epoll refuses only what is no socket.
        registration = try? loop.register(self, descriptor: self.socket.descriptor, interest: .readable)  // see above
        arm()
    }

    private func arm() {
        if let registration { loop.setDeadline(loop.nowNs + Self.silenceNsMax, of: registration) }
    }

    func ready(_ events: EventLoop.Events) {
        switch socket.read(appendingTo: &rest, atMost: Self.readBytesMax) {
        case .wouldBlock: return
        case .moved: arm()
        case .ended, .failed:
            if !rest.isEmpty { take(rest.span) }
            return end()
        }
        if let last = rest.lastIndex(of: UInt8(ascii: "\n")) {
            take(rest.span.extracting(0..<last))
            rest.removeFirst(last + 1)
        }
        if rest.count > GraphiteListener.lineBytesMax { end() }
    }

    func deadlinePassed() { end() }

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
        ended(ObjectIdentifier(self))
    }
}

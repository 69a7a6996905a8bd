import Encoding
import Posix
import Storage
import Telemetry

/// Takes StatsD's datagrams and writes what they add up to now and then. Used by the loop's thread alone once it runs.
final class StatsDListener: @unchecked Sendable {  // see above
    /// As StatsD itself flushes.
    private static let intervalNs: Int64 = 10_000_000_000
    private static let datagramBytesMax = 65_535
    /// Datagrams that are read before others get their turn.
    private static let roundsMax = 256

    private let loop: EventLoop
    private let intake: MetricIntake
    private let flawed: Counter
    private let time: any TimeSource
    private var metrics = StatsDMetrics()
    private var batch: LabelledBatch
    private var sources: [StatsDSource] = []
    private var timer: LoopTimer?

    init(_ loop: EventLoop, _ context: IngestContext) {
        self.loop = loop
        intake = MetricIntake("statsd", store: context.store, registry: context.registry)
        flawed = context.registry.counters(
            "obs_ingest_flawed_lines_total", "Lines that could not be read, by protocol.", labels: ["protocol"]
        ).with("statsd")
        time = context.time
        batch = LabelledBatch(keySeed: context.keySeed)
    }

    func listen(on address: SocketAddress) throws(SystemError) {
        sources.append(
            try StatsDSource(loop, address, bytesMax: Self.datagramBytesMax, roundsMax: Self.roundsMax) {
                [unowned self] in take($0)
            })
    }

    func start() {
        guard !sources.isEmpty else { return }
        timer = LoopTimer(loop, everyNs: Self.intervalNs) { [unowned self] in flush() }
    }

    func end() {
        flush()
        timer?.end()
        for source in sources { source.end() }
    }

    private func take(_ datagram: [UInt8]) {
        var start = 0
        let bytes = datagram.span
        while start < bytes.count {
            let end = bytes.offset(of: UInt8(ascii: "\n"), from: start) ?? bytes.count
            if end > start {
                do throws(StatsDLine.Flaw) {
                    metrics.take(try StatsDLine(bytes.extracting(start..<end)))
                } catch {
                    flawed.add()
                }
            }
            start = end + 1
        }
    }

    private func flush() {
        metrics.write(atMs: time.wallMs, to: &batch)
        // What the store refuses now comes again with the next flush, because counts only grow.
        _ = try? batch.take(by: intake)  // see above
    }
}

/// One socket of datagrams on the loop.
private final class StatsDSource: EventHandler {
    private let loop: EventLoop
    private let socket: Socket
    private let bytesMax: Int
    private let roundsMax: Int
    private let take: ([UInt8]) -> Void
    private var registration: EventLoop.Registration?

    init(
        _ loop: EventLoop, _ address: SocketAddress, bytesMax: Int, roundsMax: Int, take: @escaping ([UInt8]) -> Void
    ) throws(SystemError) {
        self.loop = loop
        (self.bytesMax, self.roundsMax, self.take) = (bytesMax, roundsMax, take)
        socket = try Socket.datagrams(on: address)
        registration = try loop.register(self, descriptor: socket.descriptor, interest: .readable)
    }

    func ready(_ events: EventLoop.Events) {
        var datagram: [UInt8] = []
        for _ in 0..<roundsMax {
            datagram.removeAll(keepingCapacity: true)
            guard case .moved = socket.read(appendingTo: &datagram, atMost: bytesMax) else { return }
            take(datagram)
        }
        if let registration { loop.again(registration) }
    }

    func deadlinePassed() {}

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }
}

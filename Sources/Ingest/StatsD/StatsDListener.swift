import Encoding
import Posix
import Storage
import Telemetry

/// Takes StatsD's datagrams and writes what they add up to now and then. Used by the loop's thread alone once it runs.
final class StatsDListener: @unchecked Sendable {  // see above
    /// As StatsD itself flushes.
    private static let intervalNs: Int64 = 10_000_000_000

    private let loop: EventLoop
    private let intake: MetricIntake
    private let flawed: Counter
    private let lost: Counter
    private let time: any TimeSource
    private var metrics = StatsDMetrics()
    private var batch: LabelledBatch
    private var sources: [DatagramSource] = []
    private var timer: LoopTimer?

    init(_ loop: EventLoop, _ context: IngestContext) {
        self.loop = loop
        intake = MetricIntake("statsd", store: context.store, registry: context.registry)
        flawed = context.registry.counters(
            "obs_ingest_flawed_lines_total", "Lines that could not be read, by protocol.", labels: ["protocol"]
        ).with("statsd")
        lost = DatagramSource.lost(context.registry).with("statsd", "overflow")
        time = context.time
        batch = LabelledBatch(keySeed: context.keySeed)
    }

    func listen(on address: SocketAddress) throws(SystemError) {
        sources.append(
            try DatagramSource(loop, address, lost: lost) { [unowned self] in take($0) })
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

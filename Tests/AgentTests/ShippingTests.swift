import Encoding
import HTTP
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

@testable import Agent

/// A collector that takes remote_write into memory, and a target beside it.
private final class SmallCollector {
    let store = MemoryMetricStore()
    let address: SocketAddress
    private let server: Server

    init() throws {
        var router = Router()
        RemoteWrite(
            IngestContext(store: store, registry: Registry(), keySeed: Hash128(low: 1, high: 2))
        ).add(to: &router)
        router.get("/metrics", role: nil) { _, response in
            response.send(
                "# TYPE shop_orders counter\nshop_orders_total 5 # {trace_id=\"t1\"} 1\n# EOF\n",
                contentType: "application/openmetrics-text; version=1.0.0")
        }
        server = try Server(ServerOptions(), router: router, registry: Registry())
        try server.start()
        address = try server.listen(on: .loopback(port: 0))
    }

    deinit { server.stop(drainingAtMostNs: 0) }

    /// Values in order of time, the marker as nil, with their times.
    func samples(_ metric: String, _ matchers: Matcher...) throws -> (values: [Double?], timesMs: [Int64]) {
        let request = SelectRequest(
            matchers: [Matcher(Labels.metricName, equals: metric)] + matchers, startMs: .min + 1, endMs: .max)
        let selection = try store.select(request)
        guard selection.count > 0 else { return ([], []) }
        try #require(selection.count == 1, "\(metric) has \(selection.count) series")
        var block = SeriesBlock()
        try selection.read(0..<1, into: &block)
        let floats = block.floats[0]
        return (
            (0..<floats.count).map { block.values[floats.valueStart + $0] }
                .map { StaleMarker.isStale($0) ? nil : $0 },
            (0..<floats.count).map { block.timestampsMs[floats.timestampStart + $0] }
        )
    }
}

@Suite("What an agent sends")
struct ShippingTests {
    private let directory = TemporaryDirectory()
    private let registry = Registry()
    /// Each page of the host takes a second by this clock, which stands still otherwise: no patience ever ends.
    private let time = ManualTime()

    private func shipping(
        to address: String, shop: SocketAddress? = nil, slow: SocketAddress? = nil, page: String
    ) throws -> Shipping {
        let reader = YAMLReader(file: "agent.yaml", report: ConfigurationReport())
        let jobs = [("shop", "10s", shop), ("slow", "1h", slow)].compactMap { name, interval, address in
            address.map {
                "{job_name: \(name), scrape_interval: \(interval), scrape_timeout: \(interval), "
                    + "static_configs: [{targets: ['\($0)']}]}"
            }
        }
        let text = """
            collector: {url: 'http://\(address)'}
            labels: {host: h}
            metrics: {interval: 100ms}
            heartbeat: {send: false}
            scrape: [\(jobs.joined(separator: ", "))]
            """
        let bytes = Array(text.utf8)
        let section = try #require(reader.document(bytes.span).flatMap { reader.section($0, "agent") })
        var options = ShippingOptions(inlineIn: section)
        try #require(reader.report.errors.isEmpty, "\(reader.report.errors)")
        options.spool = directory.path
        let log = Logger(LogSink(level: .error, registry: registry), component: "test")
        return try Shipping(options, registry: registry, log: log, time: time) { [time] bytes in
            bytes += page.utf8
            time.advance(bySeconds: 1)
        }
    }

    @Test("is stale once the agent has ended, at the collector at once; a scrape that its end broke off says nothing")
    func ended() throws {
        let collector = try SmallCollector()
        let silent = try Socket.listening(on: .loopback(port: 0))
        let shipping = try self.shipping(
            to: "\(collector.address)", shop: collector.address, slow: silent.localAddress(), page: "node_load1 0.5\n")
        let isThere = try RunningService.wait {
            try collector.samples("node_load1").values.count > 2
                && collector.samples("shop_orders_total").values.count > 2
        }
        #expect(isThere)
        time.advance(bySeconds: 3600)
        let isAsked = silent.wait(atMostMs: 60_000)
        #expect(isAsked)
        try shipping.stop()
        for metric in ["node_load1", "shop_orders_total"] {
            let (values, _) = try collector.samples(metric)
            #expect(values.last == .some(nil), "\(metric): \(values)")
            #expect(values.dropLast().allSatisfy { $0 == (metric == "node_load1" ? 0.5 : 5) })
        }
        for job in ["node", "shop"] {
            let up = try collector.samples("up", Matcher("job", equals: job)).values
            // Earlier ones may have timed out where the machine is busy: ten seconds pass in one.
            #expect(up.last == .some(nil) && up.dropLast().last == 1, "\(job): \(up)")
        }
        let exemplars = try collector.store.exemplars(LabelRequest())
        #expect(exemplars.map { $0.series["__name__"] } == ["shop_orders_total"])
        #expect(exemplars.first?.exemplars.first?.labels == Labels([("trace_id", "t1")]))
        let unknown = try collector.samples("up", Matcher("job", equals: "slow")).values
        #expect(unknown.isEmpty, "\(unknown)")
    }

    @Test("to a collector that is away is stale from the agent's end to its next start, once the collector is there")
    func awayMeanwhile() throws {
        let first = try shipping(to: "127.0.0.1:1", page: "shop_info 1\n")
        let isSpooled = RunningService.wait {
            let page = String(decoding: registry.exposition(.text), as: UTF8.self)
            return !page.contains(#"obs_agent_send_failures_total{collector="collector"} 0"#)
        }
        #expect(isSpooled)
        try first.stop()
        let endedMs = time.wallMs
        time.advance(bySeconds: 60)
        let collector = try SmallCollector()
        let second = try shipping(to: "\(collector.address)", page: "shop_info 2\n")
        let isThere = try RunningService.wait { try collector.samples("shop_info").values.contains(2) }
        #expect(isThere)
        try second.stop()
        let (values, times) = try collector.samples("shop_info")
        let stale = values.indices.filter { values[$0] == nil }
        try #require(stale.count == 2 && stale[1] == values.count - 1, "\(values)")
        #expect(values[..<stale[0]].allSatisfy { $0 == 1 } && stale[0] > 0)
        #expect(values[(stale[0] + 1)..<stale[1]].allSatisfy { $0 == 2 })
        #expect(times[stale[0]] == endedMs + 1)
        #expect(times[stale[0] + 1] >= endedMs + 60_000)
    }

    @Test("to a collector that does not answer does not hold the agent's end for long")
    func unanswered() throws {
        let silent = try Socket.listening(on: .loopback(port: 0))
        let shipping = try self.shipping(to: "\(silent.localAddress())", page: "shop_info 1\n")
        let hasAsked = silent.wait(toWrite: false, atMostMs: 60_000)
        #expect(hasAsked)
        let hasEnded = Lock(false)
        let ending = try OwnedThread(name: "ending") {
            #expect(throws: Never.self) { try shipping.stop() }
            hasEnded.withLock { $0 = true }
        }
        let isOver = RunningService.wait {
            time.advance(bySeconds: 0.5)
            return hasEnded.withLock { $0 }
        }
        #expect(isOver)
        ending.join()
    }

    @Test("goes on without a gap where another configuration takes over")
    func reloaded() throws {
        let collector = try SmallCollector()
        let first = try shipping(to: "\(collector.address)", page: "shop_info 1\n")
        let isThere = try RunningService.wait { try collector.samples("shop_info").values.count > 1 }
        #expect(isThere)
        try first.stop(endsSeries: false)
        let values = try collector.samples("shop_info").values
        #expect(values.allSatisfy { $0 == 1 }, "\(values)")
    }
}

import Encoding
import HTTP
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

/// A feed is sent to a receiver that keeps every sample it is given, in the order in which it comes.
struct RemoteWriteQueueTests {
    private final class Rig {
        struct Kept: Sendable {
            /// By the text of the series.
            var samples: [String: [(timeMs: Int64, value: Double)]] = [:]
            var histograms = 0
            var exemplars: [Labels] = []
            var requests = 0
            /// What to answer to requests to come; 204 when there is no more.
            var answers: [Int] = []

            var count: Int { samples.values.reduce(0) { $0 + $1.count } }
        }

        let feed = LogInMemory()
        let kept = Lock(Kept())
        let registry = Registry()
        let directory = TemporaryDirectory()
        private let server: Server
        private let address: SocketAddress
        private(set) var queues: RemoteWriteQueues
        var metadata: [MetricMetadata] = []

        init() throws {
            var router = Router()
            let kept = kept
            router.post("/write", role: nil) { request, response in
                let body = request.body.indices.map { request.body[$0] }
                let status = kept.withLock { $0.answers.isEmpty ? 204 : $0.answers.removeFirst() }
                if status == 204 { Self.keep(body, kept) }
                kept.withLock { $0.requests += 1 }
                response.status = Status(rawValue: status)
                response.send("", contentType: "text/plain")
            }
            server = try Server(ServerOptions(), router: router, registry: Registry())
            try server.start()
            address = try server.listen(on: .loopback(port: 0))
            queues = Self.queues(feed, directory, registry)
        }

        deinit {
            queues.stop()
            server.stop(drainingAtMostNs: 0)
        }

        private static func queues(
            _ feed: LogInMemory, _ directory: TemporaryDirectory, _ registry: Registry
        ) -> RemoteWriteQueues {
            let sink = LogSink(level: .error, registry: registry)
            return RemoteWriteQueues(
                feed, directory: directory.file("positions"), registry: registry, log: Logger(sink, component: "test")
            ) { [MetricMetadata(family: "m", kind: .gauge, help: "M.")] }
        }

        /// Both versions are read as 2.0 here.
        private static func keep(_ body: [UInt8], _ kept: Lock<Kept>) {
            var plain: [UInt8] = []
            var decoder = WriteRequestV2Decoder(seed: Hash128(low: 1, high: 2))
            var batch = SampleBatch()
            do {
                try Snappy.decompress(body.span, bytesMax: 1 << 24, appendingTo: &plain)
                let bytes = plain
                try decoder.decode(bytes.span, into: &batch)
            } catch {
                Issue.record("a request cannot be read: \(error)")
                return
            }
            kept.withLock { [batch] kept in
                for series in batch.series {
                    let labels = Labels(canonical: Array(batch.labelBytes[series.labels])).description
                    for place in series.samples {
                        kept.samples[labels, default: []].append((batch.timestampsMs[place], batch.values[place]))
                    }
                }
                kept.histograms += batch.histograms.count
                kept.exemplars += batch.exemplars.map(\.labels)
            }
        }

        func apply(
            _ settings: String = "", external: [String: String] = [:], ageLimit: String = "0s"
        ) throws {
            let text =
                "{url: 'http://\(address)/write', protobuf_message: io.prometheus.write.v2.Request, queue_config: {batch_send_deadline: 20ms, min_backoff: 1ms, max_backoff: 5ms, max_samples_per_send: 7, capacity: 20, max_shards: 4, min_shards: 3, sample_age_limit: \(ageLimit)}\(settings)}"
            let reader = YAMLReader(file: "p.yml", report: ConfigurationReport())
            let bytes = Array(text.utf8)
            guard let node = reader.document(bytes.span), let section = reader.section(node, "remote write") else {
                Issue.record("the settings are none")
                return
            }
            let options = RemoteWriteOptions(section, validation: .utf8)
            try #require(reader.report.errors.isEmpty, "\(reader.report.errors)")
            try queues.apply([options], externalLabels: external)
        }

        /// Ends and begins anew with what is on disk.
        func restart() throws {
            queues.stop()
            queues = Self.queues(feed, directory, registry)
            try apply()
        }

        func wait(_ what: Comment, until condition: (Kept) -> Bool) throws {
            let time = SystemTime()
            let startedNs = time.monotonicNs
            let pause = Monitor(false)
            while !kept.withLock({ condition($0) }) {
                try #require(time.monotonicNs - startedNs < 20_000_000_000, what)
                _ = pause.wait(atMostNs: 2_000_000) { $0 ? true : nil }
            }
        }

        func counter(_ name: String) -> Double {
            let points = registry.families.first { $0.name == name }?.points ?? []
            return points.reduce(0) { sum, point in
                if case .number(let value, _) = point.reading { sum + value } else { sum }
            }
        }
    }

    private func fill(_ rig: Rig, _ ids: [UInt64], _ times: Range<Int64>) {
        for time in times { rig.feed.append(ids.map { ($0, time, Double(time)) }) }
    }

    /// Everything once, and of each series in the order of time.
    private func expectWhole(_ rig: Rig, series: Int, _ times: Range<Int64>) {
        let samples = rig.kept.withLock { $0.samples }
        #expect(samples.count == series)
        for (labels, held) in samples { #expect(held.map(\.timeMs) == Array(times), "\(labels)") }
    }

    @Test func everySampleArrivesOnceAndInOrderThroughOutagesAndRestarts() throws {
        var generator = SeededGenerator.announced()
        let rig = try Rig()
        let ids = (0..<11).map { rig.feed.add(Labels([("__name__", "m"), ("n", "\($0)")])) }
        try rig.apply()
        var end: Int64 = 0
        for _ in 0..<6 {
            let down = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                [500, 503, 502].randomElement(using: &generator)!
            }
            rig.kept.withLock { $0.answers = down }
            let next = end + .random(in: 1...30, using: &generator)
            fill(rig, ids, end..<next)
            end = next
            try rig.wait("not everything arrives") { $0.count == Int(end) * ids.count }
            if Bool.random(using: &generator) { try rig.restart() }
        }
        expectWhole(rig, series: ids.count, 0..<end)
    }

    @Test func aReceiverThatIsNewGetsWhatComesFromNowOn() throws {
        let rig = try Rig()
        let id = rig.feed.add(Labels([("__name__", "m")]))
        try rig.queues.apply([], externalLabels: [:])
        fill(rig, [id], 0..<5)
        try rig.apply()
        fill(rig, [id], 5..<9)
        try rig.wait("nothing arrives") { $0.count == 4 }
        expectWhole(rig, series: 1, 5..<9)
    }

    @Test func whatIsRefusedIsCountedAndNotSentAgain() throws {
        let rig = try Rig()
        let id = rig.feed.add(Labels([("__name__", "m")]))
        try rig.apply()
        rig.kept.withLock { $0.answers = [400] }
        fill(rig, [id], 0..<3)
        try rig.wait("no request") { $0.requests == 1 }
        fill(rig, [id], 3..<5)
        try rig.wait("the later ones are missing") { $0.count == 2 }
        expectWhole(rig, series: 1, 3..<5)
        #expect(rig.counter("prometheus_remote_storage_samples_failed_total") == 3)
        #expect(rig.counter("prometheus_remote_storage_samples_retried_total") == 0)
    }

    @Test func labelsAreThoseOfTheRules() throws {
        let rig = try Rig()
        let good = rig.feed.add(Labels([("__name__", "m"), ("secret", "x"), ("zone", "own")]))
        let bad = rig.feed.add(Labels([("__name__", "noise")]))
        try rig.apply(
            ", write_relabel_configs: [{source_labels: [__name__], regex: noise, action: drop}, {regex: secret, action: labeldrop}]",
            external: ["cluster": "c", "zone": "global"])
        fill(rig, [good, bad], 0..<3)
        rig.feed.append([(id: 99, timeMs: 3, value: 3)])
        fill(rig, [good], 3..<4)
        try rig.wait("nothing arrives") { $0.count == 4 }
        #expect(Array(rig.kept.withLock { $0.samples.keys }) == [#"m{cluster="c",zone="own"}"#])
        #expect(rig.counter("prometheus_remote_storage_samples_dropped_total") == 4)
    }

    @Test func histogramsAndExemplarsAreSentWhereTheyAreWanted() throws {
        let rig = try Rig()
        let labels = Labels([("__name__", "m")])
        let id = rig.feed.add(labels)
        try rig.apply()
        var record = FeedBatch()
        record.histograms = [
            (
                id,
                .init(
                    timestampMs: 1,
                    value: NativeHistogram(
                        schema: 0, sum: 1, counts: .integer(count: 1, zero: 1, positive: [], negative: [])))
            )
        ]
        let trace = Labels([("trace_id", "a")])
        record.exemplars = [.init(series: labels, exemplar: .init(labels: trace, value: 1, timestampMs: 1))]
        rig.feed.append(record)
        fill(rig, [id], 2..<3)
        try rig.wait("nothing arrives") { $0.count == 1 }
        #expect(rig.kept.withLock { $0.histograms } == 0)
        try rig.apply(", send_exemplars: true, send_native_histograms: true")
        rig.feed.append(record)
        try rig.wait("no histogram") { $0.histograms == 1 && $0.exemplars == [trace] }
        // Counted when the answer has come.
        try rig.wait("the histogram is not counted") { _ in
            rig.counter("prometheus_remote_storage_histograms_total") == 1
                && rig.counter("prometheus_remote_storage_exemplars_total") == 1
        }
    }

    @Test func theLogIsKeptUpToWhereTheReceiverIs() throws {
        let rig = try Rig()
        let id = rig.feed.add(Labels([("__name__", "m")]))
        try rig.apply()
        fill(rig, [id], 0..<5)
        try rig.wait("nothing arrives") { $0.count == 5 }
        try rig.wait("the place is not moved") { _ in rig.feed.kept.values.first == FeedPosition(5) }
        let status = try #require(rig.queues.status.first)
        #expect(status.sent == 5 && status.backlogBytes == 0 && status.lastFailure == nil)
        try rig.queues.apply([], externalLabels: [:])
        #expect(rig.feed.kept.isEmpty && rig.queues.status.isEmpty)
        // Its file has gone with it, so it begins at the end when it comes back.
        fill(rig, [id], 5..<6)
        try rig.apply()
        fill(rig, [id], 6..<7)
        try rig.wait("the new one is missing") { $0.count == 6 }
        #expect(rig.kept.withLock { $0.samples.values.first?.map(\.timeMs) } == [0, 1, 2, 3, 4, 6])
    }

    @Test func whatLeftTheLogIsCounted() throws {
        let rig = try Rig()
        let id = rig.feed.add(Labels([("__name__", "m")]))
        rig.kept.withLock { $0.answers = [Int](repeating: 503, count: 30) }
        try rig.apply()
        fill(rig, [id], 0..<1)
        try rig.wait("no request") { $0.requests > 0 }
        fill(rig, [id], 1..<5)
        rig.feed.drop(before: 3)
        try rig.wait("what is left is missing") { $0.count == 3 }
        #expect(rig.kept.withLock { $0.samples.values.first?.map(\.timeMs) } == [0, 3, 4])
        #expect(rig.counter("prometheus_remote_storage_log_bytes_lost_total") == 2)
    }

    @Test func aFeedThatCannotBeReadIsReadLater() throws {
        let rig = try Rig()
        let id = rig.feed.add(Labels([("__name__", "m")]))
        try rig.apply()
        rig.feed.fail(times: 1)
        fill(rig, [id], 0..<2)
        try rig.wait("nothing arrives") { $0.count == 2 }
        expectWhole(rig, series: 1, 0..<2)
    }

    @Test func samplesThatBecameTooOldAreDropped() throws {
        let rig = try Rig()
        let id = rig.feed.add(Labels([("__name__", "m")]))
        let nowMs = SystemTime().wallMs
        rig.kept.withLock { $0.answers = [Int](repeating: 503, count: 100_000) }
        try rig.apply(ageLimit: "1s")
        rig.feed.append([(id, nowMs - 5000, 0), (id, nowMs - 900, 1), (id, nowMs + 60_000, 2)])
        try rig.wait("no request") { $0.requests > 2 }
        // The second one grows too old while the receiver fails.
        try rig.wait("it is not dropped") { _ in rig.counter("prometheus_remote_storage_samples_dropped_total") == 2 }
        rig.kept.withLock { $0.answers = [] }
        try rig.wait("nothing arrives") { $0.count > 0 }
        #expect(rig.kept.withLock { $0.samples.values.first?.map(\.value) } == [2])
    }
}

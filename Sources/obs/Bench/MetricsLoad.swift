import Encoding
import HTTP
import Posix
import Synchronization
import Telemetry

/// Replays a data set over remote_write: hosts are shared out among connections that are kept, each sending the scrapes
/// of its hosts in the order of time, none far ahead of the others.
final class MetricsLoad: Sendable {
    struct Options: Sendable {
        var url: String
        var token: String?
        var hosts = 10
        var durationSeconds = 7200
        var intervalSeconds = 15
        var seed: UInt64 = 1
        var connections = 4
        /// Over all connections; nil as fast as it goes.
        var samplesPerSecond: Int?
        /// Of the last scrape.
        var endMs: Int64

        /// Hosts of one request.
        static let hostsOfRequest = 5

        var scrapes: Int { durationSeconds / intervalSeconds }
        var samples: Int { scrapes * hosts * NodeMetrics.all.count }
    }

    /// What came of it.
    struct Outcome: Sendable {
        var samples = 0
        var requests = 0
        var sentBytes = 0
        var retries = 0
        var seconds = 0.0
        /// Of each request.
        var latenciesNs: [Int64] = []
        /// Why it ended early.
        var failure: String?
    }

    /// How far, in scrapes, one connection may run ahead of the slowest.
    private static let scrapesAheadMax = 20
    private static let attemptsMax = 50

    private let options: Options
    private let time: any TimeSource
    private let outcome = Lock(Outcome())
    private let progress: @Sendable (Int) -> Void
    /// Scrapes that each connection has sent.
    private let positions: Monitor<[Int]>
    private let hasFailed = Atomic<Bool>(false)
    private let sent = Atomic<Int>(0)

    /// - Parameter progress: called from any thread with how many samples were taken since.
    init(_ options: Options, time: any TimeSource = SystemTime(), progress: @escaping @Sendable (Int) -> Void) {
        self.options = options
        self.time = time
        self.progress = progress
        positions = Monitor([Int](repeating: 0, count: options.connections))
    }

    func run() throws(SystemError) -> Outcome {
        let startedNs = time.monotonicNs
        var threads: [OwnedThread] = []
        for number in 0..<options.connections {
            threads.append(try OwnedThread(name: "load-\(number)") { self.send(number, startedNs: startedNs) })
        }
        for thread in threads { thread.join() }
        let seconds = Double(time.monotonicNs - startedNs) / 1e9
        return outcome.withLock { outcome in
            outcome.seconds = seconds
            outcome.latenciesNs.sort()
            return outcome
        }
    }

    private func send(_ number: Int, startedNs: Int64) {
        var own = Outcome()
        defer {
            finish(number)
            outcome.withLock { $0.add(own) }
        }
        var hosts = stride(from: number, to: options.hosts, by: options.connections).map {
            NodeHost(number: $0, seed: options.seed, intervalSeconds: Double(options.intervalSeconds))
        }
        let client = HTTPClient("bench", registry: Registry())
        defer { client.stop() }
        var compressed: [UInt8] = []
        var body: [UInt8] = []
        for scrape in 0..<options.scrapes {
            let timestampMs =
                options.endMs - Int64(options.scrapes - 1 - scrape) * Int64(options.intervalSeconds) * 1000
            for first in stride(from: 0, to: hosts.count, by: Options.hostsOfRequest) {
                body.removeAll(keepingCapacity: true)
                var samples = 0
                for index in first..<min(first + Options.hostsOfRequest, hosts.count) {
                    hosts[index].scrape(at: timestampMs)
                    body += hosts[index].body
                    samples += hosts[index].count
                }
                compressed.removeAll(keepingCapacity: true)
                // Compressing only fails for bodies of gigabytes.
                let isCompressed = (try? Snappy.compress(body.span, appendingTo: &compressed)) != nil  // as said above
                guard isCompressed else { return }
                pace(samples, startedNs)
                if let failure = post(compressed, samples, client, &own) {
                    own.failure = failure
                    hasFailed.store(true, ordering: .relaxed)
                }
                if hasFailed.load(ordering: .relaxed) { return }
                progress(samples)
            }
            advance(number)
        }
    }

    /// Sends one request, again while the server takes nothing.
    ///
    /// - Returns: why it was not taken.
    private func post(_ body: [UInt8], _ samples: Int, _ client: HTTPClient, _ own: inout Outcome) -> String? {
        var request = ClientRequest(.post, options.url)
        request.body = body
        request.fields = [
            ("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf"),
            ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ]
        if let token = options.token {
            request.options.credentials = .authorization(type: "Bearer", .text(Secret(token)))
        }
        var attempt = 0
        while true {
            attempt += 1
            let beganNs = time.monotonicNs
            do throws(ClientError) {
                let answer = try client.answer(to: request)
                own.latenciesNs.append(time.monotonicNs - beganNs)
                own.requests += 1
                own.sentBytes += body.count
                if answer.status.rawValue / 100 == 2 {
                    own.samples += samples
                    return nil
                }
                let isBusy = answer.status == .tooManyRequests || answer.status.rawValue >= 500
                guard isBusy, attempt < Self.attemptsMax else {
                    return "\(options.url) answers \(answer.status.rawValue): "
                        + String(decoding: answer.body.prefix(500), as: UTF8.self)
                }
                own.retries += 1
                pause(20_000_000)
            } catch {
                return "\(error)"
            }
        }
    }

    /// Waits until samples of so many a second are due.
    private func pace(_ samples: Int, _ startedNs: Int64) {
        guard let rate = options.samplesPerSecond else { return }
        let before = sent.add(samples, ordering: .relaxed).oldValue
        let dueNs = startedNs + Int64(Double(before) / Double(rate) * 1e9)
        pause(dueNs - time.monotonicNs)
    }

    private func pause(_ ns: Int64) {
        if ns <= 0 { return }
        let nothing = Monitor(false)
        _ = nothing.wait(atMostNs: ns, until: { $0 ? true : nil })
    }

    private func advance(_ number: Int) {
        let own = positions.withLock { positions in
            positions[number] += 1
            return positions[number]
        }
        positions.wakeAll()
        _ = positions.wait { positions in
            own - (positions.min() ?? own) <= Self.scrapesAheadMax ? true : nil
        }
    }

    /// Nobody waits for a connection that has ended.
    private func finish(_ number: Int) {
        positions.withLock { $0[number] = .max }
        positions.wakeAll()
    }
}

extension MetricsLoad.Outcome {
    fileprivate mutating func add(_ other: Self) {
        samples += other.samples
        requests += other.requests
        sentBytes += other.sentBytes
        retries += other.retries
        latenciesNs += other.latenciesNs
        failure = failure ?? other.failure
    }

    /// The latency that this share of the requests stayed within, in milliseconds.
    func latencyMs(_ share: Double) -> Double { Percentile.ms(latenciesNs, share) }
}

/// Of durations in ascending order.
enum Percentile {
    static func ms(_ sortedNs: [Int64], _ share: Double) -> Double {
        guard !sortedNs.isEmpty else { return 0 }
        let index = Int((share * Double(sortedNs.count)).rounded(.up)) - 1
        return Double(sortedNs[max(0, min(index, sortedNs.count - 1))]) / 1e6
    }
}

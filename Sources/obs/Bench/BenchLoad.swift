import Encoding
import HTTP
import Posix
import Synchronization
import Telemetry

/// Sends a data set over connections that are kept, each in the order of time, none far ahead of the others.
final class BenchLoad: Sendable {
    struct Options: Sendable {
        var url: String
        var token: String?
        var fields: [(name: String, value: String)]
        var connections: Int
        /// Over all connections; nil as fast as it goes.
        var unitsPerSecond: Int?
    }

    /// What came of it.
    struct Outcome: Sendable {
        var units = 0
        var requests = 0
        var sentBytes = 0
        var retries = 0
        var seconds = 0.0
        /// Of each request.
        var latenciesNs: [Int64] = []
        /// Why it ended early.
        var failure: String?
    }

    /// How far, in steps, one connection may run ahead of the slowest.
    private static let stepsAheadMax = 20
    private static let attemptsMax = 50

    private let options: Options
    private let time: any TimeSource
    private let outcome = Lock(Outcome())
    private let progress: @Sendable (Int) -> Void
    private let source: @Sendable (_ connection: Int) -> any BenchSource
    /// Steps that each connection has sent.
    private let positions: Monitor<[Int]>
    private let hasFailed = Atomic<Bool>(false)
    private let sent = Atomic<Int>(0)

    /// - Parameters:
    ///   - progress: called from any thread with how many units were taken since.
    ///   - source: what a connection sends; called on its thread.
    init(
        _ options: Options, time: any TimeSource = SystemTime(), progress: @escaping @Sendable (Int) -> Void,
        source: @escaping @Sendable (_ connection: Int) -> any BenchSource
    ) {
        self.options = options
        self.source = source
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
        var source = source(number)
        let client = HTTPClient("bench", registry: Registry())
        defer { client.stop() }
        while let next = source.next() {
            pace(next.units, startedNs)
            if let failure = post(next.body, next.units, client, &own) {
                own.failure = failure
                hasFailed.store(true, ordering: .relaxed)
            }
            if hasFailed.load(ordering: .relaxed) { return }
            progress(next.units)
            if next.endsStep { advance(number) }
        }
    }

    /// Sends one request, again while the server takes nothing.
    ///
    /// - Returns: why it was not taken.
    private func post(_ body: [UInt8], _ units: Int, _ client: HTTPClient, _ own: inout Outcome) -> String? {
        var request = ClientRequest(.post, options.url)
        request.body = body
        request.fields = options.fields
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
                    own.units += units
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

    /// Waits until units of so many a second are due.
    private func pace(_ units: Int, _ startedNs: Int64) {
        guard let rate = options.unitsPerSecond else { return }
        let before = sent.add(units, ordering: .relaxed).oldValue
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
            own - (positions.min() ?? own) <= Self.stepsAheadMax ? true : nil
        }
    }

    /// Nobody waits for a connection that has ended.
    private func finish(_ number: Int) {
        positions.withLock { $0[number] = .max }
        positions.wakeAll()
    }
}

extension BenchLoad.Outcome {
    fileprivate mutating func add(_ other: Self) {
        units += other.units
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

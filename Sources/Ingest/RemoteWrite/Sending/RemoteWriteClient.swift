import Encoding
package import HTTP
package import Posix

/// Sends bodies that `WriteRequestEncoder` wrote to one receiver, again and again until it has them: as Prometheus,
/// after failures of the network, 5xx and, where that is wished, 429; what is refused otherwise is refused for good.
package final class RemoteWriteClient: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// - Parameter written: what a receiver of 2.0 says that it wrote; nil where it says nothing.
        case delivered(written: Written?)
        /// It will never be taken, but for what a receiver of 2.0 says that it wrote.
        case refused(String, written: Written?)
        /// The client was stopped, or nobody wanted another attempt. The receiver may have it all the same.
        case abandoned
    }

    /// The counts in the answer of a receiver of 2.0.
    package struct Written: Sendable, Equatable {
        package let samples: Int
        package let histograms: Int
        package let exemplars: Int
    }

    /// How long requests under way may still take after `stop`.
    private static let graceNs: Int64 = 5_000_000_000
    /// How much of a refusal is told.
    private static let reasonBytesMax = 256

    private let destination: RemoteWriteDestination
    private let client: HTTPClient
    private let time: any TimeSource
    /// When the stop was asked for.
    private let stopping = Monitor<Int64?>(nil)
    private let cancellation = Cancellation()

    /// - Parameter client: may be shared with other receivers.
    package init(_ destination: RemoteWriteDestination, client: HTTPClient, time: any TimeSource = SystemTime()) {
        self.destination = destination
        self.client = client
        self.time = time
    }

    package var isStopping: Bool { stopping.withLock { $0 != nil } }

    /// No attempt begins any more, and what waits for one is abandoned. Callers of `deliver` come back soon.
    package func stop() {
        stopping.withLock { $0 = $0 ?? time.monotonicNs }
        stopping.wakeAll()
    }

    /// Waits; false where the client was stopped before the time was over.
    package func pause(ns: Int64) -> Bool {
        stopping.wait(atMostNs: ns) { $0 == nil ? nil : true } == nil
    }

    /// Sends a body until it is delivered or refused for good; on the caller's thread.
    ///
    /// - Parameter mayRetry: is told of each failed attempt that another one may follow; false gives up.
    package func deliver(
        _ body: [UInt8], mayRetry: (_ failure: String) -> Bool = { _ in true }
    ) -> Outcome {
        var attempt = 1
        while !isStopping {
            let failure: Failure
            switch send(body, attempt) {
            case .success(let outcome): return outcome
            case .failure(let error): failure = error
            }
            guard let delayNs = delayNs(after: failure, attempt) else {
                return .refused(failure.sentence, written: failure.written)
            }
            guard !isStopping, mayRetry(failure.sentence), pause(ns: delayNs) else { return .abandoned }
            attempt += 1
        }
        return .abandoned
    }

    private struct Failure: Error {
        let outcome: RetryPolicy.Outcome
        let sentence: String
        var written: Written?
    }

    private func delayNs(after failure: Failure, _ attempt: Int) -> Int64? {
        destination.retries.delayNs(after: failure.outcome, attempt: attempt, random: .random(in: 0...1))
    }

    private func send(_ body: [UInt8], _ attempt: Int) -> Result<Outcome, Failure> {
        switch answer(to: request(body, attempt)) {
        case .success(let response):
            if response.status.rawValue / 100 == 2 { return .success(.delivered(written: Self.written(response))) }
            return .failure(
                Failure(
                    outcome: .answer(response.status, retryAfter: response.field("retry-after")),
                    sentence: refusal(response), written: Self.written(response)))
        case .failure(let error):
            if error.reason == .cancelled { return .success(.abandoned) }
            // A certificate that cannot be read and too many requests pass as a network's failures do.
            let reason = error.reason == .setup || error.reason == .tooMany ? .connect : error.reason
            return .failure(Failure(outcome: .failure(reason), sentence: error.sentence))
        }
    }

    private func request(_ body: [UInt8], _ attempt: Int) -> ClientRequest {
        var request = ClientRequest(.post, destination.url)
        request.body = body
        request.options = destination.options
        request.timeoutNs = destination.timeoutMs * 1_000_000
        request.connectTimeoutNs = min(request.connectTimeoutNs, request.timeoutNs)
        let isFirstVersion = destination.message == .version1
        let type = "application/x-protobuf" + (isFirstVersion ? "" : ";proto=" + destination.message.rawValue)
        request.fields = [
            ("Content-Encoding", "snappy"), ("Content-Type", type),
            ("X-Prometheus-Remote-Write-Version", isFirstVersion ? "0.1.0" : "2.0.0"),
        ]
        if attempt > 1 { request.fields.append(("Retry-Attempt", String(attempt - 1))) }
        for (name, value) in destination.headers.sorted(by: { $0.key < $1.key }) {
            request.fields.append((name, value))
        }
        return request
    }

    /// Waits for the answer, after `stop` only for a while.
    private func answer(to request: ClientRequest) -> Result<ClientResponse, ClientError> {
        let waiting = Monitor<Result<ClientResponse, ClientError>?>(nil)
        client.send(request, cancellation: cancellation) { result in
            waiting.withLock { $0 = result }
            waiting.wakeAll()
        }
        while true {
            if let result = waiting.wait(atMostNs: Self.graceNs / 20, until: { $0 }) { return result }
            let stoppedNs = stopping.withLock { $0 }
            if let stoppedNs, time.monotonicNs - stoppedNs > Self.graceNs {
                cancellation.raise()
                client.wake()
            }
        }
    }

    private func refusal(_ response: ClientResponse) -> String {
        let text = String(decoding: response.body.prefix(Self.reasonBytesMax), as: UTF8.self)
        let line = text.split(whereSeparator: \.isNewline).first.map { ": \($0)" } ?? ""
        return "\(shownURL) answers \(response.status.rawValue) \(response.status.reason)\(line)"
    }

    /// Without user, password and query.
    private var shownURL: String {
        guard let url = try? URL(destination.url) else { return destination.url }  // libcurl says what is wrong with it
        return "\(url.scheme)://\(url.authority)\(url.target.prefix { $0 != "?" && $0 != "#" })"
    }

    private static func written(_ response: ClientResponse) -> Written? {
        let prefix = "x-prometheus-remote-write-"
        func count(_ name: String) -> Int? { response.field(prefix + name).flatMap { Int($0) } }
        guard let samples = count("samples-written") else { return nil }
        return Written(
            samples: samples, histograms: count("histograms-written") ?? 0, exemplars: count("exemplars-written") ?? 0)
    }
}

/// When a request is tried again, and after how long.
package struct RetryPolicy: Sendable, Equatable {
    /// The first attempt included.
    package var attemptsMax: Int
    package var backoffMinNs: Int64
    package var backoffMaxNs: Int64
    /// Try again after 429 too, as its Retry-After says.
    package var retriesTooManyRequests: Bool

    package init(
        attemptsMax: Int, backoffMinNs: Int64 = 100_000_000, backoffMaxNs: Int64 = 10_000_000_000,
        retriesTooManyRequests: Bool = true
    ) {
        self.attemptsMax = attemptsMax
        self.backoffMinNs = backoffMinNs
        self.backoffMaxNs = backoffMaxNs
        self.retriesTooManyRequests = retriesTooManyRequests
    }

    package static let never = RetryPolicy(attemptsMax: 1)

    /// How an attempt ended, as far as it matters here.
    package enum Outcome: Sendable {
        case answer(Status, retryAfter: String?)
        case failure(ClientError.Reason)
    }

    /// What to do after attempt number `attempt`, counted from 1.
    ///
    /// - Parameter random: from 0 to 1; spreads clients that failed together.
    /// - Returns: how long to wait, or nil to give up.
    package func delayNs(
        after outcome: Outcome, attempt: Int, random: Double
    ) -> Int64? {
        guard attempt < attemptsMax, isPassing(outcome) else { return nil }
        if case .answer(_, let retryAfter?) = outcome, let asked = Self.askedNs(retryAfter) { return asked }
        let doubled = backoffMinNs << Int64(min(attempt - 1, 20))
        let ceiling = doubled < backoffMinNs ? backoffMaxNs : min(doubled, backoffMaxNs)
        return ceiling / 2 + Int64(Double(ceiling / 2) * random)
    }

    /// Nobody makes us wait longer than this.
    private static let askedMaxNs: Int64 = 300_000_000_000

    /// Failures that may pass: of the network, overload and the server's own. What a client did wrong stays wrong.
    private func isPassing(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .failure(let reason):
            switch reason {
            case .resolve, .connect, .tls, .timeout, .broken: true
            case .setup, .tooLarge, .tooMany, .cancelled: false
            }
        case .answer(let status, _):
            status.rawValue >= 500 || status == .tooManyRequests && retriesTooManyRequests
        }
    }

    /// `Retry-After` in seconds; its form as a date is left to the backoff.
    private static func askedNs(_ retryAfter: String) -> Int64? {
        guard let seconds = Int64(retryAfter), seconds >= 0 else { return nil }
        return min(seconds, askedMaxNs / 1_000_000_000) * 1_000_000_000
    }
}

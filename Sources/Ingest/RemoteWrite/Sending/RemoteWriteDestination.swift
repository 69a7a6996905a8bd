package import HTTP

/// Where samples are sent to by remote_write, and how.
package struct RemoteWriteDestination: Sendable {
    package var url: String
    package var message = RemoteWriteOptions.Message.version1
    /// Headers that are sent with each request.
    package var headers: [String: String] = [:]
    package var options: HTTPClientOptions
    /// For one attempt.
    package var timeoutMs: Int64 = 30_000
    package var backoffMinMs: Int64 = 30
    package var backoffMaxMs: Int64 = 5000
    /// Try again after 429, as after the errors of a server; otherwise what was sent is lost then.
    package var retriesTooManyRequests = false

    package init(_ url: String, options: HTTPClientOptions = HTTPClientOptions()) {
        self.url = url
        self.options = options
    }

    init(_ options: RemoteWriteOptions) {
        self.init(options.url?.text ?? "", options: options.client)
        message = options.message
        headers = options.headers
        timeoutMs = options.timeoutMs
        backoffMinMs = options.queue.backoffMinMs
        backoffMaxMs = options.queue.backoffMaxMs
        retriesTooManyRequests = options.queue.retriesTooManyRequests
    }

    var retries: RetryPolicy {
        RetryPolicy(
            attemptsMax: .max, backoffMinNs: backoffMinMs * 1_000_000, backoffMaxNs: backoffMaxMs * 1_000_000,
            retriesTooManyRequests: retriesTooManyRequests)
    }
}

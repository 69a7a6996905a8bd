import Posix

/// A request with whoever waits for its answer, over all its attempts. On the client's thread alone.
final class Exchange {
    let request: ClientRequest
    let startedNs: Int64
    let deadlineNs: Int64
    let cancellation: Cancellation
    /// Attempts begun so far.
    var attempts = 0
    private var completion: HTTPClient.Completion?

    init(
        _ request: ClientRequest, startedNs: Int64, cancellation: Cancellation,
        completion: @escaping HTTPClient.Completion
    ) {
        self.request = request
        self.startedNs = startedNs
        deadlineNs = startedNs + request.timeoutNs
        self.cancellation = cancellation
        self.completion = completion
    }

    /// The server as errors name it: without query, user and password.
    var name: String {
        guard let url = try? URL(request.url) else { return "the URL" }  // libcurl says what is wrong with it
        return "\(url.scheme)://\(url.authority)\(url.target.prefix { $0 != "?" && $0 != "#" })"
    }

    func finish(_ result: Result<ClientResponse, ClientError>) {
        guard let completion else { preconditionFailure("BUG: a request is finished twice") }
        self.completion = nil
        completion(result)
    }
}

import Encoding
import HTTP
import Posix
import Telemetry

/// The collector that a client command asks: where it is, who asks, and what its refusals mean.
final class ServerConnection: Sendable {
    /// What the command line and the environment say about it.
    struct Options: Sendable {
        static let urlDefault = "http://127.0.0.1:9440"

        var url = urlDefault

        static let server = Setting<Options>.value(
            "server", "URL", "the collector to ask", fallback: urlDefault, environment: "OBS_SERVER"
        ) { (options, text) throws(UsageError) in
            do {
                let url = try URL(text)
                guard url.scheme == "http" || url.scheme == "https", !url.host.isEmpty else {
                    throw UsageError("'\(text)' is no URL such as \(urlDefault)")
                }
            } catch {
                throw UsageError("\(error)")
            }
            options.url = text
        }
    }

    /// A question to the server, with the bounds of a client that a person waits for.
    struct Question: Sendable {
        var method = Method.get
        /// From the slash on.
        var path: String
        /// In the query of the URL; of a POST without a body of its own in a form, so that no length is too long.
        var parameters: [(name: String, value: String)] = []
        /// Of the request's head.
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// Of `body`.
        var contentType = ""
        var timeoutNs: Int64 = 130_000_000_000
        var answerBytesMax = 256 << 20
        /// How long to ask again where the server takes nothing now; zero gives up at once.
        var retryNs: Int64 = 0
        /// Takes the answer's body piece by piece; see `ClientRequest.receive`.
        var receive: (@Sendable (Span<UInt8>) -> Bool)?
    }

    /// The token of the environment, which keeps it out of lists of processes.
    static let tokenVariable = "OBS_TOKEN"

    let url: String
    let token: String?
    private let client: HTTPClient

    init(_ options: Options, _ console: Console) {
        var url = options.url[...]
        while url.last == "/" { url.removeLast() }
        self.url = String(url)
        token = console.environment(Self.tokenVariable).flatMap { $0.isEmpty ? nil : $0 }
        client = HTTPClient("command", registry: Registry())
    }

    deinit { client.stop() }

    /// - Returns: an answer whose status is 2xx.
    func answer(to question: Question) throws(ServerFailure) -> ClientResponse {
        let response = try response(to: question)
        if response.status.rawValue / 100 == 2 { return response }
        throw failure(of: response, to: question)
    }

    /// What an answer means whose status is none of 2xx.
    func failure(of response: ClientResponse, to question: Question) -> ServerFailure {
        ServerFailure(question, response, server: url, hasToken: token != nil)
    }

    /// The answer whatever its status is.
    func response(to question: Question) throws(ServerFailure) -> ClientResponse {
        do throws(ClientError) {
            return try client.answer(to: request(question))
        } catch {
            throw ServerFailure(error, server: url)
        }
    }

    /// What stands under `data` in the envelope of Prometheus' API.
    func data(_ question: Question) throws(ServerFailure) -> JSONValue {
        let body = try answer(to: question).body
        let tree = try? JSONValue.parse(body.span)  // the sentence says all there is to say
        guard let data = tree?["data"] else {
            throw ServerFailure(
                "\(url)\(question.path) answers with something that is not of the API; is \(url) a collector of obs?")
        }
        return data
    }

    private func request(_ question: Question) -> ClientRequest {
        let pairs = question.parameters.map {
            "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))"
        }.joined(separator: "&")
        let isForm = question.method == .post && question.body.isEmpty && question.contentType.isEmpty
        let query = isForm || pairs.isEmpty ? "" : "?" + pairs
        var request = ClientRequest(question.method, url + question.path + query)
        request.body = isForm ? Array(pairs.utf8) : question.body
        let contentType = isForm ? "application/x-www-form-urlencoded" : question.contentType
        request.fields = question.fields
        if !contentType.isEmpty { request.fields.append(("Content-Type", contentType)) }
        request.timeoutNs = question.timeoutNs
        request.answerBytesMax = question.answerBytesMax
        request.receive = question.receive
        if question.retryNs > 0 {
            request.retries = RetryPolicy(attemptsMax: .max)
            request.timeoutNs = question.retryNs
        }
        request.acceptsGzip = question.receive == nil
        if let token { request.options.credentials = .authorization(type: "Bearer", .text(Secret(token))) }
        return request
    }
}

import Encoding
import HTTP
import Telemetry

/// What `obs up` asks its own collector and services while it waits for them.
final class UpQuestions: Sendable {
    private static let timeoutNs: Int64 = 5_000_000_000

    private let collector: String
    private let client = HTTPClient("up", registry: Registry())

    init(collector: String) {
        self.collector = collector
    }

    func stop() { client.stop() }

    /// The value of an instant query that gives one number; nil where there is none yet.
    func number(_ expression: String) -> Double? {
        let path = "/api/v1/query?query=\(PercentEncoding.encode(expression))"
        guard let row = json(collector + path)?["data"]?["result"]?.elements?.first else { return nil }
        return row["value"]?.elements?.last?.text.flatMap(Double.init)
    }

    /// Lines of the last minutes that a LogQL query finds, at most `limit`.
    func lines(_ query: String, limit: Int = 10) -> Int {
        let path = "/loki/api/v1/query_range?limit=\(limit)&since=10m&query=\(PercentEncoding.encode(query))"
        let streams = json(collector + path)?["data"]?["result"]?.elements ?? []
        return streams.reduce(0) { $0 + ($1["values"]?.elements?.count ?? 0) }
    }

    func isOK(_ url: String) -> Bool { ask(url)?.status == .ok }

    private func json(_ url: String) -> JSONValue? {
        guard let response = ask(url), response.status == .ok else { return nil }
        let body = response.body
        do throws(JSONError) {
            return try JSONValue.parse(body.span)
        } catch {
            return nil
        }
    }

    /// Nil until somebody answers.
    private func ask(_ url: String) -> ClientResponse? {
        var request = ClientRequest(.get, url)
        request.timeoutNs = Self.timeoutNs
        do throws(ClientError) {
            return try client.answer(to: request)
        } catch {
            return nil
        }
    }
}

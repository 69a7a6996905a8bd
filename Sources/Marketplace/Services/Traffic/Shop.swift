import Encoding
import HTTP
import Telemetry

/// The marketplace as a visitor's program sees it: requests to the gateway, each counted by its journey.
struct Shop: Sendable {
    struct Answer {
        let status: Int
        let json: JSONValue
        var isGood: Bool { (200..<300).contains(status) }
    }

    private static let timeoutNs: Int64 = 10_000_000_000

    private let context: ServiceContext
    private let url: String
    private let requests: Family<Counter>
    private let durations: Family<Histogram>

    init(_ context: ServiceContext) {
        self.context = context
        url = context.options.url(of: .gateway)
        requests = context.registry.counters(
            "marketplace_traffic_requests_total", "Requests of visitors, by journey and status.",
            labels: ["journey", "status"])
        durations = context.registry.histograms(
            "marketplace_traffic_duration_seconds", "What visitors waited for an answer.", unit: .seconds,
            buckets: RequestMetrics.buckets, labels: ["journey"])
    }

    /// Asks and waits; status 0 says that nobody answered.
    func ask(
        _ method: Method, _ path: String, _ journey: String, client: String, token: String? = nil, key: String? = nil,
        body: [UInt8] = [], contentType: String = ContentType.json
    ) -> Answer {
        var request = ClientRequest(method, url + path)
        request.timeoutNs = Self.timeoutNs
        request.body = body
        request.fields = [("x-forwarded-for", client), ("user-agent", "visitor/1.0")]
        if !body.isEmpty { request.fields.append(("content-type", contentType)) }
        if let token { request.fields.append(("authorization", "Bearer \(token)")) }
        if let key { request.fields.append(("idempotency-key", key)) }
        var answer = Answer(status: 0, json: .null)
        let startNs = context.time.monotonicNs
        do throws(ClientError) {
            let response = try context.client.answer(to: request)
            let json = try? JSONValue.parse(response.body.span)  // pictures are none, and nobody reads them
            answer = Answer(status: response.status.rawValue, json: json ?? .null)
        } catch {
            context.log.debug("nobody answers", ["path": .text(path), "error": .error(error)])
        }
        requests.with(journey, String(answer.status)).add()
        durations.with(journey).observe(Int(context.time.monotonicNs - startNs))
        return answer
    }

    static func body(_ fields: KeyValuePairs<String, JSONValue>) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(.object(fields.map { JSONMember(name: $0.key, value: $0.value) }))
        return writer.bytes
    }
}

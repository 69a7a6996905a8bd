import Telemetry

/// What a client counts of itself.
struct ClientMetrics {
    private let requests: Family<Counter>
    private let duration: Histogram
    private let received: Counter
    private let client: String

    init(_ registry: Registry, client: String) {
        self.client = client
        requests = registry.counters(
            "obs_http_client_requests_total", "Requests to other servers, by client and status code or failure.",
            labels: ["client", "outcome"])
        duration = registry.histograms(
            "obs_http_client_request_duration_seconds", "From the call to the end of the answer, retries included.",
            unit: .seconds, buckets: .latency, labels: ["client"]
        ).with(client)
        received = registry.counters(
            "obs_http_client_received_bytes_total", "Bytes of answers' bodies as they were sent.", unit: .bytes,
            labels: ["client"]
        ).with(client)
    }

    func finished(_ result: Result<ClientResponse, ClientError>, durationNs: Int64) {
        switch result {
        case .success(let response):
            requests.with(client, String(response.status.rawValue)).add()
            received.add(response.receivedBytes)
        case .failure(let error): requests.with(client, "\(error.reason)").add()
        }
        duration.observe(Int(durationNs))
    }
}

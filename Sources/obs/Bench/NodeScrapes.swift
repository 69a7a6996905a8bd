import Encoding

/// Scrapes of servers as node_exporter tells of them, by remote_write.
struct NodeScrapes: BenchData {
    static let unit = "sample"
    static let questionPath = "/api/v1"
    static let fields: [(name: String, value: String)] = [
        ("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf"),
        ("X-Prometheus-Remote-Write-Version", "0.1.0"),
    ]
    static let seriesName = "series"
    static let seriesOfHost = NodeMetrics.all.count
    static let queries: [BenchQuery] = [
        .init(name: "one series", expression: "node_load1{instance=\"node-0:9100\"}", stepSeconds: 0),
        .init(name: "count of all", expression: "count({job=\"node\"})", stepSeconds: 0),
        .init(
            name: "top hosts",
            expression: "topk(5, sum by (instance) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m])))", stepSeconds: 0),
        .init(
            name: "full disks", expression: "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1",
            stepSeconds: 0),
        .init(name: "regex", expression: "count by (__name__) ({__name__=~\"node_memory_.*_bytes\"})", stepSeconds: 0),
        .init(name: "load of a host", expression: "node_load5{instance=\"node-1:9100\"}", stepSeconds: 30),
        .init(
            name: "cpu of a host",
            expression: "sum by (mode) (rate(node_cpu_seconds_total{instance=\"node-1:9100\"}[5m]))", stepSeconds: 30),
        .init(
            name: "cpu of all", expression: "1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m]))",
            stepSeconds: 60),
        .init(
            name: "network of all", expression: "sum(rate(node_network_receive_bytes_total[5m])) * 8", stepSeconds: 60),
        .init(
            name: "memory in use", expression: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
            stepSeconds: 60),
        .init(name: "worst latency", expression: "max_over_time(scrape_duration_seconds[10m])", stepSeconds: 60),
        .init(name: "quantile of load", expression: "quantile(0.9, node_load1)", stepSeconds: 60),
        .init(
            name: "prediction", expression: "predict_linear(node_filesystem_free_bytes[1h], 86400)", stepSeconds: 300),
    ]

    /// Hosts of one request.
    private static let hostsOfRequest = 5

    var hosts = 10
    var durationSeconds = 7200
    var intervalSeconds = 15
    var seed: UInt64 = 1
    var endNs: Int64 = 0

    var count: Int { scrapes * hosts * Self.seriesOfHost }
    private var scrapes: Int { durationSeconds / intervalSeconds }

    func source(connection: Int, of connections: Int) -> any BenchSource {
        Source(self, connection: connection, of: connections)
    }

    /// Scrapes of the hosts of one connection, all of an instant before the next.
    private struct Source: BenchSource {
        private let data: NodeScrapes
        private let endMs: Int64
        private var hosts: [NodeHost]
        private var scrape = 0
        private var first = 0

        init(_ data: NodeScrapes, connection: Int, of connections: Int) {
            self.data = data
            let intervalMs = Int64(data.intervalSeconds) * 1000
            endMs = data.endNs / 1_000_000 / intervalMs * intervalMs
            hosts = stride(from: connection, to: data.hosts, by: connections).map {
                NodeHost(number: $0, seed: data.seed, intervalSeconds: Double(data.intervalSeconds))
            }
        }

        mutating func next() -> (body: [UInt8], units: Int, endsStep: Bool)? {
            guard scrape < data.scrapes, !hosts.isEmpty else { return nil }
            let timestampMs = endMs - Int64(data.scrapes - 1 - scrape) * Int64(data.intervalSeconds) * 1000
            let end = min(first + NodeScrapes.hostsOfRequest, hosts.count)
            var body: [UInt8] = []
            var samples = 0
            for index in first..<end {
                hosts[index].scrape(at: timestampMs)
                body += hosts[index].body
                samples += hosts[index].count
            }
            first = end == hosts.count ? 0 : end
            if first == 0 { scrape += 1 }
            var compressed: [UInt8] = []
            // Compressing only fails for bodies of gigabytes.
            guard (try? Snappy.compress(body.span, appendingTo: &compressed)) != nil else { return nil }  // as said
            return (compressed, samples, first == 0)
        }
    }
}

import Encoding

/// Data of servers as node_exporter tells it, by remote_write.
enum MetricsLoad {
    struct Options: Sendable {
        var to = BenchLoad.Options(
            url: "",
            fields: [
                ("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf"),
                ("X-Prometheus-Remote-Write-Version", "0.1.0"),
            ])
        var hosts = 10
        var durationSeconds = 7200
        var intervalSeconds = 15
        var seed: UInt64 = 1
        /// Of the last scrape.
        var endMs: Int64 = 0

        /// Hosts of one request.
        static let hostsOfRequest = 5

        var scrapes: Int { durationSeconds / intervalSeconds }
        var samples: Int { scrapes * hosts * NodeMetrics.all.count }
    }

    /// Scrapes of the hosts of one connection, all of an instant before the next.
    struct Source: BenchSource {
        private let options: Options
        private var hosts: [NodeHost]
        private var scrape = 0
        private var first = 0

        init(_ options: Options, connection: Int) {
            self.options = options
            hosts = stride(from: connection, to: options.hosts, by: options.to.connections).map {
                NodeHost(number: $0, seed: options.seed, intervalSeconds: Double(options.intervalSeconds))
            }
        }

        mutating func next() -> (body: [UInt8], units: Int, endsStep: Bool)? {
            guard scrape < options.scrapes, !hosts.isEmpty else { return nil }
            let timestampMs =
                options.endMs - Int64(options.scrapes - 1 - scrape) * Int64(options.intervalSeconds) * 1000
            let end = min(first + Options.hostsOfRequest, hosts.count)
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

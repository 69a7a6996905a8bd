extension Command {
    static let benchMetrics = bench(
        "bench metrics", "load a metric store with node-like data and measure it",
        details: """
            It makes data like that of node_exporter from a seed, sends it by remote_write over connections that are \
            kept, asks a set of PromQL queries, and reports rates, latencies and, where the server runs on this machine, \
            what it took: CPU and memory by --pid, bytes on disk by --data. Any server that takes remote_write can be \
            measured: give its address, and the paths where they are others.
            """,
        options: BenchOptions(data: NodeScrapes(), writePath: "/api/v1/write"), pushes: "remote_write",
        own: [
            .value("interval", "DURATION", "between two scrapes", fallback: "15s") {
                (options, text) throws(UsageError) in
                options.data.intervalSeconds = try BenchValue.seconds(text)
            }
        ],
        examples: [
            .init(does: "A collector of this machine", line: "obs bench metrics --pid $(pgrep -x obs) --data obs-data"),
            .init(does: "39 million samples, no queries", line: "obs bench metrics --hosts 60 --duration 6h --runs 0"),
            .init(
                does: "VictoriaMetrics beside it",
                line: "obs bench metrics --server http://127.0.0.1:8428 --query-path /prometheus -o json"),
        ])
}

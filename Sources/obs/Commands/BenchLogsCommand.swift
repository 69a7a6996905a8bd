extension Command {
    static let benchLogs = bench(
        "bench logs", "load a log store with lines of a shop and measure it",
        details: """
            It makes lines from a seed, JSON and access logs, sends them as Loki's clients do over connections that are kept, \
            asks a set of LogQL queries, and reports rates, latencies and, where the server runs on this machine, what \
            it took: CPU and memory by --pid, bytes on disk by --data. Any server that takes Loki's pushes can be measured: \
            give its address, and the paths where they are others.
            """,
        options: BenchOptions(data: ShopLog(), writePath: "/loki/api/v1/push"), pushes: "pushes",
        own: [
            .value("lines", "N", "how many lines", fallback: "\(ShopLog().count)") {
                (options, text) throws(UsageError) in
                options.data.count = try BenchValue.count(text, upTo: 1 << 40)
            }
        ],
        examples: [
            .init(
                does: "A collector of this machine", line: "obs bench logs --pid $(pgrep -x obs) --data obs-data/logs"),
            .init(does: "Eight million lines, no queries", line: "obs bench logs --lines 8000000 --runs 0"),
            .init(does: "Loki beside it", line: "obs bench logs --server http://127.0.0.1:3100 -o json"),
        ])
}

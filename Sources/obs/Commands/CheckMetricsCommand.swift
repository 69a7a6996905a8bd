import Encoding
import Ingest
import Posix

extension Command {
    struct CheckMetricsOptions: Sendable {
        var format = "auto"
    }

    /// Pages of metrics are megabytes at most.
    private static let metricsPageBytesMax = 256 << 20

    static let checkMetrics = Command(
        "check metrics", "check pages of metrics before they are served",
        details: """
            Each file is read as OpenMetrics where it ends with # EOF, and as Prometheus' text format otherwise. \
            OpenMetrics is checked by all of its rules, also those that scrapers let pass: types, suffixes, units, \
            timestamps, exemplars, complete histograms. What is wrong is printed as file:line: reason. Exit code 1 says \
            that a file is refused.
            """,
        options: CheckMetricsOptions(),
        settings: [
            .choice("format", "FORMAT", ["auto", "text", "openmetrics"], "what the files are", fallback: "auto") {
                $0.format = $1
            }
        ],
        operands: Operands(name: "FILE", doc: "a page of metrics", count: 1...Int.max, candidates: .files),
        examples: [
            .init(does: "Would a scraper take what the exporter serves?", line: "obs check metrics metrics.txt"),
            .init(does: "Is it OpenMetrics?", line: "obs check metrics --format openmetrics metrics.txt"),
        ]
    ) { options, invocation in
        var areGood = true
        for path in invocation.operands {
            let page = try LocalFileSystem().readFile(path, atMostBytes: metricsPageBytesMax)
            let isOpenMetrics = options.format == "openmetrics" || options.format == "auto" && endsOpenMetrics(page)
            let fault = isOpenMetrics ? OpenMetricsCheck.fault(in: page.span) : TextCheck.fault(in: page.span)
            invocation.console.print(fault.map { "\(path):\($0.line): \($0.reason)" } ?? "\(path): good")
            areGood = areGood && fault == nil
        }
        return areGood ? .ok : .bad
    }

    private static func endsOpenMetrics(_ page: [UInt8]) -> Bool {
        page.suffix(6).elementsEqual("# EOF\n".utf8) || page.suffix(5).elementsEqual("# EOF".utf8)
    }
}

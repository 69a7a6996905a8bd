import Encoding
import HTTP
package import Model
import Posix

/// One endpoint that is scraped: what it is, and how it went.
package final class ScrapeTarget: Sendable {
    /// How the last scrape went.
    package struct Report: Sendable {
        package enum Health: String, Sendable {
            case up, down, unknown
        }

        package var health = Health.unknown
        package var lastError = ""
        /// Since 1970; zero before the first scrape.
        package var startedMs: Int64 = 0
        package var durationNs: Int64 = 0
        /// Samples on the page, and those that metric relabelling left.
        package var samplesScraped = 0
        package var samplesKept = 0
    }

    /// The job's name.
    package let pool: String
    /// What its series get.
    package let labels: Labels
    package let url: String
    package let intervalMs: Int64
    package let timeoutMs: Int64
    let request: ClientRequest
    /// Labels and URL: two targets that share it are one.
    let identity: UInt64
    let settings: PageSettings
    /// Where its failures are written; nil for nowhere.
    let failureLogFile: String?
    private let state = Lock(Report())
    private let found: Lock<Labels>
    private let families = Lock<[String: MetricMetadata]>([:])

    init(_ options: ScrapeOptions, _ target: TargetLabels) {
        pool = options.job
        failureLogFile = options.failureLogFile.flatMap { $0.isEmpty ? nil : $0 }
        found = Lock(target.discovered)
        labels = target.shown
        let final = target.final
        url = Self.url(options, final)
        intervalMs = Self.duration(final["__scrape_interval__"], options.intervalMs)
        timeoutMs = Self.duration(final["__scrape_timeout__"], options.timeoutMs)
        settings = PageSettings(options, final)
        request = Self.request(options, url, timeoutMs: timeoutMs)
        identity = Hash64.of(url.utf8.span, seed: final.hash)
    }

    /// As discovery gave it.
    package var discovered: Labels { found.withLock { $0 } }

    func setDiscovered(_ labels: Labels) { found.withLock { $0 = labels } }

    package var report: Report { state.withLock { $0 } }

    func set(_ report: Report) { state.withLock { $0 = report } }

    /// What the target told of its families.
    package var metadata: [MetricMetadata] { families.withLock { Array($0.values) }.sorted { $0.family < $1.family } }

    func note(_ metadata: [MetricMetadata]) {
        families.withLock { families in
            for one in metadata { families[one.family] = one }
        }
    }

    /// Relabelling has checked that it is a duration.
    private static func duration(_ text: String, _ fallback: Int64) -> Int64 {
        (try? Durations.milliseconds(of: text)) ?? fallback  // see above
    }

    private static func url(_ options: ScrapeOptions, _ labels: Labels) -> String {
        var parameters = Dictionary(
            options.parameters.map { ($0.name, $0.values) }, uniquingKeysWith: { first, _ in first })
        for (name, value) in labels.pairs where name.hasPrefix("__param_") {
            let key = String(name.dropFirst("__param_".count))
            parameters[key] = [value] + (parameters[key] ?? []).dropFirst()
        }
        let query = parameters.keys.sorted().flatMap { key in
            (parameters[key] ?? []).map { "\(PercentEncoding.encode(key))=\(PercentEncoding.encode($0))" }
        }.joined(separator: "&")
        let path = labels["__metrics_path__"]
        return labels["__scheme__"] + "://" + labels["__address__"] + (path.hasPrefix("/") ? "" : "/") + path
            + (query.isEmpty ? "" : "?" + query)
    }

    private static func request(_ options: ScrapeOptions, _ url: String, timeoutMs: Int64) -> ClientRequest {
        var request = ClientRequest(.get, url)
        request.options = options.client
        request.timeoutNs = timeoutMs * 1_000_000
        request.connectTimeoutNs = request.timeoutNs
        // The page is decompressed by who reads it, into a buffer that is kept.
        request.acceptsGzip = false
        request.answerBytesMax = PageSettings.bodyBytesMax(options)
        request.fields = [
            ("Accept", options.acceptField), ("Accept-Encoding", options.asksForCompression ? "gzip" : "identity"),
            ("X-Prometheus-Scrape-Timeout-Seconds", FloatText.plain(Double(timeoutMs) / 1000)),
        ]
        return request
    }
}

extension ScrapeOptions {
    /// The wanted formats with falling weights, then anything.
    var acceptField: String {
        var weight = ScrapeProtocol.allCases.count + 1
        var values: [String] = []
        for form in protocols {
            let knowsEscaping = form == .prometheusText100 || form == .openMetricsText100
            values.append(form.mediaType + (knowsEscaping ? ";escaping=\(escaping.rawValue)" : "") + ";q=0.\(weight)")
            weight -= 1
        }
        return (values + ["*/*;q=0.\(weight)"]).joined(separator: ",")
    }
}

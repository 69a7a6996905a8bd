import Encoding
package import HTTP
package import Ingest
import Model
import PromQL

/// `/api/v1/targets`, `/api/v1/targets/metadata` and `/api/v1/scrape_pools`: what is scraped, and how it went.
package struct TargetsAPI: Sendable {
    private let scraper: Scraper
    private let hostname: String

    /// - Parameter hostname: of this machine, for addresses that mean it.
    package init(_ scraper: Scraper, hostname: String) {
        self.scraper = scraper
        self.hostname = hostname
    }

    package func add(to router: inout Router) {
        router.get("/api/v1/targets", role: .read) { request, response in
            let parameters = APIParameters(request)
            let state = parameters["state"]?.lowercased() ?? "any"
            let jobs = scraper.jobs.filter { parameters["scrapePool"] == nil || parameters["scrapePool"] == $0.name }
            let hostname = hostname
            APIAnswer.success(&response) { Self.write(jobs, state, hostname, &$0) }
        }
        router.get("/api/v1/scrape_pools", role: .read) { _, response in
            let names = scraper.jobs.map(\.name)
            APIAnswer.success(&response) { data in
                data.beginObject()
                data.name("scrapePools")
                data.beginArray()
                for name in names { data.string(name) }
                data.endArray()
                data.endObject()
            }
        }
        router.get("/api/v1/targets/metadata", role: .read) { request, response in
            do throws(APIError) {
                let found = try metadata(APIParameters(request))
                APIAnswer.success(&response) { Self.write(found, &$0) }
            } catch {
                APIAnswer.failure(&response, error)
            }
        }
    }

    private static func write(
        _ jobs: [ScrapeJob], _ state: String, _ hostname: String, _ data: inout JSONWriter
    ) {
        data.beginObject()
        data.name("activeTargets")
        data.beginArray()
        if state != "dropped" {
            for job in jobs { for target in job.targets { write(target, hostname, &data) } }
        }
        data.endArray()
        data.name("droppedTargets")
        data.beginArray()
        if state != "active" {
            for job in jobs {
                for labels in job.dropped {
                    data.beginObject()
                    data.name("discoveredLabels")
                    LabelsJSON.write(labels, to: &data)
                    data.member("scrapePool", job.name)
                    data.endObject()
                }
            }
        }
        data.endArray()
        data.name("droppedTargetCounts")
        data.beginObject()
        for job in jobs { data.member(job.name, job.droppedCount) }
        data.endObject()
        data.endObject()
    }

    private static func write(_ target: ScrapeTarget, _ hostname: String, _ data: inout JSONWriter) {
        let report = target.report
        data.beginObject()
        data.name("discoveredLabels")
        LabelsJSON.write(target.discovered, to: &data)
        data.name("labels")
        LabelsJSON.write(target.labels, to: &data)
        data.member("scrapePool", target.pool)
        data.member("scrapeUrl", target.url)
        data.member("globalUrl", globalURL(target.url, hostname))
        data.member("lastError", report.lastError)
        data.member(
            "lastScrape", report.startedMs == 0 ? "0001-01-01T00:00:00Z" : CivilTime(ms: report.startedMs).rfc3339)
        data.member("lastScrapeDuration", Double(report.durationNs) / 1e9)
        data.member("health", report.health.rawValue)
        data.member("scrapeInterval", Durations.text(ofMs: target.intervalMs))
        data.member("scrapeTimeout", Durations.text(ofMs: target.timeoutMs))
        data.member("samplesScraped", report.samplesScraped)
        data.member("samplesPostMetricRelabeling", report.samplesKept)
        if let advice = ScrapeAdvice.of(report.lastError, url: target.url) { data.member("suggestion", advice) }
        data.endObject()
    }

    /// The URL as others reach it, where it says localhost.
    private static func globalURL(_ url: String, _ hostname: String) -> String {
        for own in ["127.0.0.1", "localhost", "[::1]"] {
            guard let scheme = url.firstRange(of: "://\(own)"), let next = url[scheme.upperBound...].first,
                ":/".contains(next)
            else { continue }
            return url[..<scheme.lowerBound] + "://" + hostname + url[scheme.upperBound...]
        }
        return url
    }

    private struct Found {
        let target: Labels
        let metadata: MetricMetadata
    }

    private func metadata(_ parameters: APIParameters) throws(APIError) -> [Found] {
        let matchers = try parameters["match_target"].map { text throws(APIError) in
            try Self.matchers(text)
        }
        let limit = try parameters.limit() ?? .max
        var found: [Found] = []
        for target in scraper.jobs.flatMap(\.targets) {
            if let matchers, !matchers.allSatisfy({ Self.holds($0, for: target.labels) }) { continue }
            for metadata in target.metadata where parameters["metric"] == nil || metadata.family == parameters["metric"]
            {
                if found.count == limit { return found }
                found.append(Found(target: target.labels, metadata: metadata))
            }
        }
        if found.isEmpty { throw APIError(.notFound, "specified metadata not found") }
        return found
    }

    private static func matchers(_ text: String) throws(APIError) -> [Matcher] {
        do {
            return try Parser.parseSelector(text)
        } catch {
            throw APIError(parameter: "match_target", "\(error)")
        }
    }

    private static func holds(_ matcher: Matcher, for labels: Labels) -> Bool {
        let value = Array(labels[matcher.name].utf8)
        return matcher.matches(value.span)
    }

    private static func write(_ found: [Found], _ data: inout JSONWriter) {
        data.beginArray()
        for one in found {
            data.beginObject()
            data.name("target")
            LabelsJSON.write(one.target, to: &data)
            data.member("metric", one.metadata.family)
            data.member("type", one.metadata.kind.rawValue)
            data.member("help", one.metadata.help)
            data.member("unit", one.metadata.unit)
            data.endObject()
        }
        data.endArray()
    }
}

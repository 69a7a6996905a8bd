import Telemetry

/// What the scraper counts of itself.
struct ScrapeMetrics: Sendable {
    private let good: Counter
    private let failed: Counter
    private let duration: Histogram
    /// Turns of targets that were left out, because the scrape before went on or the machine was busy.
    let missed: Counter
    /// Pages that the store did not take.
    let notKept: Counter

    init(_ registry: Registry) {
        let scrapes = registry.counters("obs_scrapes_total", "Scrapes that ended, by result.", labels: ["result"])
        good = scrapes.with("good")
        failed = scrapes.with("failed")
        duration = registry.histogram(
            "obs_scrape_duration_seconds", "From the request to the samples in the store.", unit: .seconds,
            buckets: .latency)
        missed = registry.counter(
            "obs_scrapes_missed_total", "Scrapes that were left out because the one before went on or time was short.")
        notKept = registry.counter("obs_scrapes_not_kept_total", "Scrapes whose samples the store did not take.")
    }

    func finished(isGood: Bool, durationNs: Int64) {
        (isGood ? good : failed).add()
        duration.observe(Int(durationNs))
    }
}

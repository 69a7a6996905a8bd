import Telemetry

/// `obs_journal_...`, one child for each journal.
struct JournalMetrics: Sendable {
    let records: Counter
    let payloadBytes: Counter
    let writtenBytes: Counter
    let writeFailures: Counter
    let syncs: Histogram
    let syncFailures: Counter
    let segments: Gauge
    let heldBytes: Gauge
    let damages: Counter

    init(_ registry: Registry, journal: String) {
        func counter(_ name: String, _ help: String, _ unit: MetricUnit = .none) -> Counter {
            registry.counters("obs_journal_\(name)", help, unit: unit, labels: ["journal"]).with(journal)
        }
        func gauge(_ name: String, _ help: String, _ unit: MetricUnit = .none) -> Gauge {
            registry.gauges("obs_journal_\(name)", help, unit: unit, labels: ["journal"]).with(journal)
        }
        records = counter("records_total", "Records appended.")
        payloadBytes = counter("payload_bytes_total", "Payload bytes appended, before compression.", .bytes)
        writtenBytes = counter("written_bytes_total", "Bytes written to segments.", .bytes)
        writeFailures = counter("write_failures_total", "Appends that failed, of which nothing was kept.")
        syncs = registry.histograms(
            "obs_journal_sync_duration_seconds", "Time to bring what was written to the device.", unit: .seconds,
            buckets: .latency, labels: ["journal"]
        ).with(journal)
        syncFailures = counter("sync_failures_total", "Syncs that failed.")
        segments = gauge("segments", "Segments on disk.")
        heldBytes = gauge("held_bytes", "Bytes of all segments on disk.", .bytes)
        damages = counter("damages_total", "Torn or corrupt stretches found while reading back.")
    }
}

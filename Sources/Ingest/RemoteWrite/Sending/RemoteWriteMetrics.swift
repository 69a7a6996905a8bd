import Storage
import Telemetry

/// What sending to one receiver counts, under the names that Prometheus has for it.
struct RemoteWriteMetrics: Sendable {
    /// Samples, histograms and exemplars, each with a counter of its own.
    struct Kinds: Sendable {
        let samples: Counter
        let histograms: Counter
        let exemplars: Counter

        fileprivate init(_ registry: Registry, _ labels: [String], _ suffix: String, _ help: String) {
            func counter(_ kind: String) -> Counter {
                registry.counters(
                    "prometheus_remote_storage_\(kind)_\(suffix)total",
                    "\(kind.prefix(1).uppercased())\(kind.dropFirst()) \(help)", labels: RemoteWriteMetrics.labels
                ).with(labels)
            }
            samples = counter("samples")
            histograms = counter("histograms")
            exemplars = counter("exemplars")
        }

        func add(_ counts: RemoteWriteCounts) {
            samples.add(counts.samples)
            histograms.add(counts.histograms)
            exemplars.add(counts.exemplars)
        }
    }

    fileprivate static let labels = ["remote_name", "url"]

    let sent: Kinds
    let failed: Kinds
    let retried: Kinds
    let metadata: Counter
    let metadataFailed: Counter
    let bytes: Counter
    let metadataBytes: Counter
    let duration: Histogram
    let droppedByRules: Counter
    let droppedAsOld: Counter
    let droppedAsUnknown: Counter
    let samplesPending: Gauge
    let shards: Gauge
    let shardsDesired: Gauge
    let highestSent: Gauge
    let highestRead: Gauge
    let lost: Counter

    init(_ registry: Registry, name: String, url: String, _ queue: RemoteWriteQueueOptions) {
        let values = [name, url]
        func counter(_ name: String, _ help: String) -> Counter {
            registry.counters("prometheus_remote_storage_\(name)", help, labels: Self.labels).with(values)
        }
        func gauge(_ name: String, _ help: String, unit: MetricUnit = .none) -> Gauge {
            registry.gauges("prometheus_remote_storage_\(name)", help, unit: unit, labels: Self.labels).with(values)
        }
        sent = Kinds(registry, values, "", "sent to remote storage.")
        failed = Kinds(registry, values, "failed_", "that remote storage refused for good.")
        retried = Kinds(registry, values, "retried_", "that were sent once more after a failure that may pass.")
        metadata = counter("metadata_total", "Metadata entries sent to remote storage.")
        metadataFailed = counter("metadata_failed_total", "Metadata entries that remote storage refused for good.")
        bytes = counter("bytes_total", "Bytes of samples sent, after compression.")
        metadataBytes = counter("metadata_bytes_total", "Bytes of metadata sent, after compression.")
        duration = registry.histograms(
            "prometheus_remote_storage_sent_batch_duration_seconds", "From handing a request over to its answer.",
            unit: .seconds, buckets: .latency, labels: Self.labels
        ).with(values)
        let dropped = registry.counters(
            "prometheus_remote_storage_samples_dropped_total",
            "Samples that were not sent, by reason.", labels: Self.labels + ["reason"])
        droppedByRules = dropped.with(values + ["dropped_series"])
        droppedAsOld = dropped.with(values + ["too_old"])
        droppedAsUnknown = dropped.with(values + ["unintentionally_dropped_series"])
        samplesPending = gauge("samples_pending", "Samples that are being sent.")
        shards = gauge("shards", "Shards that send at once.")
        shardsDesired = gauge("shards_desired", "Shards that sending would need, by the rates of late.")
        highestSent = gauge(
            "queue_highest_sent_timestamp_seconds", "Newest timestamp that remote storage has.", unit: .seconds)
        highestRead = gauge(
            "queue_highest_timestamp_seconds", "Newest timestamp that was read to be sent.", unit: .seconds)
        lost = counter(
            "log_bytes_lost_total", "Bytes of the log that went before remote storage had what they hold.")
        gauge("shard_capacity", "Samples that a shard takes in one round.").set(queue.capacity)
        gauge("shards_max", "The most shards that may send at once.").set(queue.shardsMax)
        gauge("shards_min", "The fewest shards that send at once.").set(queue.shardsMin)
        gauge("max_samples_per_send", "Samples of one request.").set(queue.samplesPerRequest)
    }
}

/// How many samples of each kind a request holds.
struct RemoteWriteCounts: Sendable, Equatable {
    var samples = 0
    var histograms = 0
    var exemplars = 0

    var total: Int { samples + histograms + exemplars }

    /// What is left where a receiver says that it wrote a part.
    func without(_ written: RemoteWriteClient.Written?) -> RemoteWriteCounts {
        guard let written else { return self }
        return RemoteWriteCounts(
            samples: max(0, samples - written.samples), histograms: max(0, histograms - written.histograms),
            exemplars: max(0, exemplars - written.exemplars))
    }
}

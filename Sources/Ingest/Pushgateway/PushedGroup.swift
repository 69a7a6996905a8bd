import Encoding
import Model

/// The metrics that were pushed under one grouping key and stay until they are replaced or deleted.
struct PushedGroup: Sendable {
    /// Labels of the path; they win over those of the page.
    let key: Labels
    private var families: [String: [PushedPage.Sample]] = [:]
    private(set) var pushedAtMs: Int64 = 0
    private(set) var failedAtMs: Int64 = 0

    init(key: Labels) { self.key = key }

    /// How many samples it holds.
    var count: Int { families.values.reduce(0) { $0 + $1.count } }

    /// Takes a page in.
    ///
    /// - Parameter replacesAll: PUT; POST replaces only the metrics of the same names.
    mutating func push(_ page: PushedPage, replacesAll: Bool, atMs: Int64) {
        var new: [String: [PushedPage.Sample]] = [:]
        let names = FamilyNames(page.metadata)
        for sample in page.samples {
            var sample = sample
            var builder = LabelsBuilder(sample.labels)
            for (name, value) in key.pairs { builder.set(name, value) }
            sample.labels = builder.labels()
            new[names.family(of: sample.labels[Labels.metricName]), default: []].append(sample)
        }
        families = replacesAll ? new : families.merging(new) { $1 }
        pushedAtMs = atMs
    }

    mutating func fail(atMs: Int64) { failedAtMs = atMs }

    /// Everything that is to be seen now, with the times of the pushes.
    func add(atMs: Int64, to batch: inout LabelledBatch) -> [Labels] {
        var written: [Labels] = []
        for samples in families.values {
            for sample in samples {
                sample.add(sample.labels, atMs: atMs, to: &batch)
                written.append(sample.labels)
            }
        }
        for (name, ms) in [("push_time_seconds", pushedAtMs), ("push_failure_time_seconds", failedAtMs)] {
            let labels = Labels(key.pairs + [(Labels.metricName, name)])
            batch.add(labels, Double(ms) / 1000, atMs: atMs)
            written.append(labels)
        }
        return written
    }
}

/// Which family a sample belongs to, by the types that its page tells.
private struct FamilyNames {
    private let kinds: [String: MetricMetadata.Kind]

    init(_ metadata: [MetricMetadata]) {
        kinds = Dictionary(metadata.map { ($0.family, $0.kind) }, uniquingKeysWith: { $1 })
    }

    func family(of metric: String) -> String {
        if kinds[metric] != nil { return metric }
        for suffix in ["_bucket", "_count", "_sum", "_total", "_created", "_gcount", "_gsum", "_info"]
        where metric.hasSuffix(suffix) {
            let family = String(metric.dropLast(suffix.count))
            if kinds[family] != nil { return family }
        }
        return metric
    }
}

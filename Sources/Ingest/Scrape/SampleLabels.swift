import Encoding
import Model

/// Turns the labels on a page into those of the store: the target's are added, metric relabelling is applied, limits
/// are held.
struct SampleLabels: Sendable {
    enum Verdict {
        /// Canonical labels in the bytes that were given.
        case labels(Range<Int>)
        case dropped
        /// The whole page is refused, as by Prometheus.
        case refused(String)
    }

    private let settings: PageSettings
    private let targetPairs: [(name: String, value: String)]
    private var builder = LabelsBuilder()

    init(_ settings: PageSettings) {
        self.settings = settings
        targetPairs = settings.labels.pairs
    }

    /// - Parameters:
    ///   - series: name and labels as they stand on the page.
    ///   - bytes: the canonical labels are appended.
    mutating func write(
        _ series: Span<UInt8>, isOpenMetrics: Bool, kind: MetricMetadata.Kind, into bytes: inout [UInt8]
    ) -> Verdict {
        builder.removeAll()
        do throws(ExpositionError) {
            var reader = ExpositionReader(series, isOpenMetrics: isOpenMetrics)
            reader.kind = kind
            try reader.readSeriesAlone()
            reader.write(into: &builder)
        } catch {
            return .refused(error.reason)
        }
        if let name = repeatedName() {
            return .refused("label name \(Quoted.text(name)) is not unique: invalid sample")
        }
        addTargetLabels()
        guard settings.metricRules.apply(to: &builder), !builder.isEmpty else { return .dropped }
        if let problem = problem() { return .refused(problem) }
        let start = bytes.count
        _ = builder.write(into: &bytes)
        return .labels(start..<bytes.count)
    }

    private func repeatedName() -> String? {
        var copy = builder
        var bytes: [UInt8] = []
        guard !copy.write(into: &bytes) else { return nil }
        return builder.repeatedName
    }

    private mutating func addTargetLabels() {
        var conflicting: [(name: String, value: String)] = []
        for (name, value) in targetPairs {
            let exposed = builder.value(of: name)
            if settings.honorsLabels {
                if exposed.isEmpty, !builder.contains(name) { builder.set(name, value) }
                continue
            }
            if !exposed.isEmpty { conflicting.append((name, exposed)) }
            builder.set(name, value)
        }
        for (name, value) in conflicting.sorted(by: { $0.name.utf8.count < $1.name.utf8.count }) {
            var renamed = "exported_" + name
            while !builder.value(of: renamed).isEmpty { renamed = "exported_" + renamed }
            builder.set(renamed, value)
        }
    }

    private func problem() -> String? {
        let metric = builder.value(of: Labels.metricName)
        if metric.isEmpty { return "missing metric name (__name__ label)" }
        let pairs = builder.pairs
        let isValid =
            settings.validation.isValidMetricName(metric)
            && pairs.allSatisfy { settings.validation.isValidLabelName($0.name) }
        guard isValid else { return "invalid metric name or label names: \(Self.shown(pairs))" }
        return limitProblem(metric, pairs)
    }

    /// In Prometheus' words.
    private func limitProblem(_ metric: String, _ pairs: [(name: String, value: String)]) -> String? {
        let limits = settings.limits
        func cut(_ text: String) -> String { String(text.prefix(50)) }
        if limits.labels > 0, pairs.count > limits.labels {
            return "label_limit exceeded (metric: \(cut(metric)), number of labels: \(pairs.count), "
                + "limit: \(limits.labels))"
        }
        for (name, value) in pairs {
            if limits.labelNameBytes > 0, name.utf8.count > limits.labelNameBytes {
                return "label_name_length_limit exceeded (metric: \(cut(metric)), label name: \(cut(name)), "
                    + "length: \(name.utf8.count), limit: \(limits.labelNameBytes))"
            }
            if limits.labelValueBytes > 0, value.utf8.count > limits.labelValueBytes {
                return "label_value_length_limit exceeded (metric: \(cut(metric)), label name: \(cut(name)), "
                    + "value: \(Quoted.text(cut(value))), length: \(value.utf8.count), limit: \(limits.labelValueBytes))"
            }
        }
        return nil
    }

    private static func shown(_ pairs: [(name: String, value: String)]) -> String {
        "{" + pairs.map { "\($0.name)=\(Quoted.text($0.value))" }.joined(separator: ", ") + "}"
    }
}

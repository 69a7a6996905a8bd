import Encoding
import Model

/// Everything that OpenMetrics 1.0 asks of a page, also where Prometheus looks away: the check before a page is shipped.
package struct OpenMetricsCheck {
    /// A family while its lines come.
    private struct Family {
        var name: String
        var kind: MetricMetadata.Kind?
        var hasHelp = false
        var hasUnit = false
        var metrics: Set<Labels> = []
        var current: MetricPoints?

        var hasSamples: Bool { current != nil }
    }

    private var family: Family?
    /// Every name that a family before this one has taken.
    private var taken: Set<String> = []
    private var builder = LabelsBuilder()

    package init() {}

    /// The first thing that is wrong; nil for a good page.
    package static func fault(in page: Span<UInt8>) -> ExpositionError? {
        var check = OpenMetricsCheck()
        var reader = ExpositionReader(page, isOpenMetrics: true)
        do throws(ExpositionError) {
            while let entry = try reader.next() {
                if let fault = check.take(entry, reader) { return reader.error(fault) }
            }
            return check.close().map { reader.error($0) }
        } catch {
            return error
        }
    }

    private mutating func take(_ entry: ExpositionReader.Item, _ reader: borrowing ExpositionReader) -> String? {
        switch entry {
        case .series: takeSeries(reader)
        default: takeMetadata(entry, reader)
        }
    }

    private mutating func takeMetadata(
        _ entry: ExpositionReader.Item, _ reader: borrowing ExpositionReader
    ) -> String? {
        let name = reader.metricName
        if family?.name != name, let fault = open(name) { return fault }
        guard family?.hasSamples == false else { return "metadata of \(name) stands behind its samples" }
        switch entry {
        case .type:
            if family?.kind != nil { return "\(name) has more than one TYPE" }
            family?.kind = reader.kind
        case .help:
            if family?.hasHelp == true { return "\(name) has more than one HELP" }
            family?.hasHelp = true
        default:
            if family?.hasUnit == true { return "\(name) has more than one UNIT" }
            family?.hasUnit = true
        }
        guard family?.hasUnit == true, family?.kind == .info || family?.kind == .stateset else { return nil }
        return "\(name) cannot have a unit, as its type has none"
    }

    private mutating func open(_ name: String) -> String? {
        if let fault = close() { return fault }
        if taken.contains(name) {
            return "the name \(name) is taken by a family above; lines of a family stand together"
        }
        family = Family(name: name)
        return nil
    }

    /// Ends the current family: its last metric has to be whole and its names its own.
    private mutating func close() -> String? {
        guard let ended = family else { return nil }
        family = nil
        if let fault = ended.current?.fault { return fault }
        for name in Set([""] + OpenMetricsFamily.suffixes(ended.kind ?? .unknown)).map({ ended.name + $0 })
        where !taken.insert(name).inserted { return "the name \(name) is taken by two families" }
        return nil
    }

    private mutating func takeSeries(_ reader: borrowing ExpositionReader) -> String? {
        let name = reader.metricName
        if suffix(of: name) == nil, let fault = open(name) { return fault }
        guard let suffix = suffix(of: name) else { return "\(name) is no sample of a family of its type" }
        if reader.hasTrailingComma { return "the labels end with a comma" }
        builder.removeAll()
        reader.write(into: &builder)
        var bytes: [UInt8] = []
        guard builder.write(into: &bytes) else { return "a label name occurs twice" }
        let labels = Labels(canonical: bytes)
        let sample = OpenMetricsSample(
            kind: family?.kind ?? .unknown, suffix: suffix, family: family?.name ?? name, labels: labels,
            value: reader.value,
            timestampMs: reader.timestampMs)
        if let fault = sample.fault ?? exemplarFault(reader, sample) { return fault }
        return add(sample)
    }

    /// What the name has behind that of the current family; nil where it is not one of it.
    private func suffix(of name: String) -> String? {
        guard let family, name.hasPrefix(family.name) else { return nil }
        let suffix = String(name.dropFirst(family.name.count))
        return OpenMetricsFamily.suffixes(family.kind ?? .unknown).contains(suffix) ? suffix : nil
    }

    private func exemplarFault(_ reader: borrowing ExpositionReader, _ sample: OpenMetricsSample) -> String? {
        guard let exemplar = reader.exemplar else { return nil }
        guard sample.mayHaveExemplar else { return "a sample of this kind has no exemplar" }
        guard let labels = reader.exemplarLabels(exemplar) else { return "an exemplar has a label name twice" }
        let characters = labels.pairs.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
        return characters <= Self.exemplarCharactersMax
            ? nil : "the labels of the exemplar have \(characters) characters, and 128 are allowed"
    }

    private static let exemplarCharactersMax = 128

    private mutating func add(_ sample: OpenMetricsSample) -> String? {
        let metric = sample.metric
        if family?.current?.metric == metric { return family?.current?.add(sample) }
        if let fault = family?.current?.fault { return fault }
        guard family?.metrics.insert(metric).inserted == true else {
            return "the samples of a metric do not stand together"
        }
        var points = MetricPoints(metric: metric, kind: sample.kind)
        let fault = points.add(sample)
        family?.current = points
        return fault
    }
}

/// The names of the samples of a family.
enum OpenMetricsFamily {
    static func suffixes(_ kind: MetricMetadata.Kind) -> [String] {
        switch kind {
        case .unknown, .gauge, .stateset: [""]
        case .counter: ["_total", "_created"]
        case .histogram: ["_bucket", "_count", "_sum", "_created"]
        case .gaugehistogram: ["_bucket", "_gcount", "_gsum"]
        case .summary: ["", "_count", "_sum", "_created"]
        case .info: ["_info"]
        }
    }
}

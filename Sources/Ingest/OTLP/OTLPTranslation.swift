import Encoding
import Model

/// Turns OpenTelemetry's metrics into series, as Prometheus' receiver does.
struct OTLPTranslation {
    private let options: OTLPOptions
    private let names: OTLPNames
    private let deltas: DeltaSums
    private(set) var batch: LabelledBatch
    /// Points that no series can hold, and the first reason.
    private(set) var rejected = 0
    private(set) var reason: String?

    init(_ options: OTLPOptions, _ deltas: DeltaSums, keySeed: Hash128) {
        self.options = options
        self.deltas = deltas
        names = OTLPNames(options)
        batch = LabelledBatch(keySeed: keySeed)
    }

    mutating func add(_ resource: OTLPResource) {
        let own = Identity(resource.attributes)
        var latestMs: Int64 = 0
        for scope in resource.scopes {
            let shared = promoted(resource.attributes) + scopeLabels(scope)
            for metric in scope.metrics {
                let name = names.metric(metric)
                guard !name.isEmpty else {
                    reject(metric.points.count, "a metric has no name")
                    continue
                }
                note(metric, name)
                for point in metric.points {
                    latestMs = max(latestMs, Int64(clamping: point.timeNs / 1_000_000))
                    let labels = labels(point.attributes, shared, own)
                    add(point, of: metric, name, labels)
                }
            }
        }
        addTargetInfo(resource.attributes, own, atMs: latestMs)
    }

    private mutating func reject(_ count: Int, _ sentence: String) {
        rejected += count
        if reason == nil { reason = sentence }
    }

    private mutating func note(_ metric: OTLPMetric, _ name: String) {
        let kind: MetricMetadata.Kind =
            switch metric.kind {
            case .gauge: .gauge
            case .sum: metric.isMonotonic ? .counter : .gauge
            case .histogram, .exponentialHistogram: .histogram
            case .summary: .summary
            }
        batch.add(MetricMetadata(family: name, kind: kind, help: metric.description, unit: metric.unit))
    }
}

/// Labels.
extension OTLPTranslation {
    /// What `service.*` say about the process.
    private struct Identity {
        var job = ""
        var instance = ""

        init(_ attributes: [OTLPAttribute]) {
            func value(_ name: String) -> String { attributes.first { $0.name == name }?.value ?? "" }
            let name = value("service.name")
            let space = value("service.namespace")
            job = name.isEmpty || space.isEmpty ? name : space + "/" + name
            instance = value("service.instance.id")
        }
    }

    private static let identifying: Set<String> = ["service.name", "service.namespace", "service.instance.id"]

    private func promoted(_ attributes: [OTLPAttribute]) -> [OTLPAttribute] {
        attributes.filter { attribute in
            options.promotesAllAttributes
                ? !options.ignoredAttributes.contains(attribute.name)
                : options.promotedAttributes.contains(attribute.name)
        }
    }

    private func scopeLabels(_ scope: OTLPScope) -> [OTLPAttribute] {
        guard options.promotesScopeMetadata else { return [] }
        return scope.attributes.map { OTLPAttribute("otel_scope_" + $0.name, $0.value) } + [
            OTLPAttribute("otel_scope_name", scope.name), OTLPAttribute("otel_scope_version", scope.version),
            OTLPAttribute("otel_scope_schema_url", scope.schemaURL),
        ]
    }

    /// Attributes that become one label are joined by a semicolon, in order of their names.
    private func labels(
        _ attributes: [OTLPAttribute], _ shared: [OTLPAttribute], _ own: Identity
    ) -> [String: String] {
        var labels: [String: String] = [:]
        for attribute in attributes.sorted(by: { $0.name < $1.name }) {
            let name = names.label(attribute.name)
            guard !name.isEmpty else { continue }
            labels[name] = labels[name].map { $0 + ";" + attribute.value } ?? attribute.value
        }
        for attribute in shared {
            let name = names.label(attribute.name)
            if !name.isEmpty, labels[name] == nil { labels[name] = attribute.value }
        }
        if !own.job.isEmpty { labels["job"] = own.job }
        if !own.instance.isEmpty { labels["instance"] = own.instance }
        return labels
    }

    private static func named(_ name: String, _ labels: [String: String], _ more: (String, String)? = nil) -> Labels {
        var pairs: [(name: String, value: String)] = labels.map { ($0.key, $0.value) }
        pairs.append((Labels.metricName, name))
        if let more { pairs.append((more.0, more.1)) }
        return Labels(pairs)
    }

    /// `target_info`: what is known of the process beyond its name.
    private mutating func addTargetInfo(_ attributes: [OTLPAttribute], _ own: Identity, atMs: Int64) {
        guard atMs > 0, !own.job.isEmpty || !own.instance.isEmpty else { return }
        let shown = attributes.filter { options.keepsIdentifyingAttributes || !Self.identifying.contains($0.name) }
        guard !shown.isEmpty else { return }
        batch.add(Self.named("target_info", labels(shown, [], own)), 1, atMs: atMs)
    }
}

/// Points.
extension OTLPTranslation {
    private mutating func add(
        _ point: OTLPPoint, of metric: OTLPMetric, _ name: String, _ labels: [String: String]
    ) {
        switch metric.kind {
        case .gauge, .sum: addNumber(point, of: metric, name, labels)
        case .histogram: addHistogram(point, isDelta: metric.isDelta, name, labels)
        case .exponentialHistogram: addExponential(point, isDelta: metric.isDelta, name, labels)
        case .summary: addSummary(point, name, labels)
        }
    }

    private static func ms(_ ns: UInt64) -> Int64 { Int64(clamping: ns / 1_000_000) }

    /// The values of a delta point so far; those of another as they are. Nil where the point has to go.
    private mutating func sums(
        _ values: [Double], _ point: OTLPPoint, isDelta: Bool, _ series: Labels
    ) -> (values: [Double], startNs: UInt64)? {
        guard isDelta, !point.hasNoValue else { return (values, point.startNs) }
        if let sum = deltas.add(values, to: series, startNs: point.startNs, timeNs: point.timeNs) { return sum }
        reject(
            1,
            "a delta point is older than one before it, or more than \(DeltaSums.seriesMax) delta series are under way")
        return nil
    }

    private mutating func addNumber(
        _ point: OTLPPoint, of metric: OTLPMetric, _ name: String, _ labels: [String: String]
    ) {
        let series = Self.named(name, labels)
        guard
            let sum = sums([point.value], point, isDelta: metric.kind == .sum && metric.isDelta, series)
        else { return }
        add(series, sum.values[0], point, startNs: metric.kind == .sum ? sum.startNs : 0)
        if metric.isCounter { addExemplars(point.exemplars) }
    }

    private mutating func add(_ series: Labels, _ value: Double, _ point: OTLPPoint, startNs: UInt64) {
        let value = point.hasNoValue ? StaleMarker.value : value
        batch.add(series, value, atMs: Self.ms(point.timeNs), startMs: Self.ms(startNs))
    }

    private mutating func addExemplars(_ exemplars: [OTLPPoint.Exemplar]) {
        for exemplar in exemplars {
            var pairs: [(name: String, value: String)] = exemplar.attributes.map { (names.label($0.name), $0.value) }
            if !exemplar.traceID.isEmpty { pairs.append(("trace_id", exemplar.traceID)) }
            if !exemplar.spanID.isEmpty { pairs.append(("span_id", exemplar.spanID)) }
            batch.add(
                exemplar: Labels(pairs.filter { !$0.name.isEmpty }), exemplar.value, atMs: Self.ms(exemplar.timeNs))
        }
    }

    private mutating func addHistogram(
        _ point: OTLPPoint, isDelta: Bool, _ name: String, _ labels: [String: String]
    ) {
        guard point.bucketCounts.isEmpty || point.bucketCounts.count == point.bounds.count + 1 else {
            return reject(
                1, "\(name): a histogram of \(point.bounds.count) bounds has \(point.bucketCounts.count) buckets")
        }
        let values = [Double(point.count), point.sum ?? 0] + point.bucketCounts.map { Double($0) }
        guard let sum = sums(values, point, isDelta: isDelta, Self.named(name, labels)) else { return }
        if options.convertsHistograms { return addCustomBuckets(point, sum, name, labels) }
        if point.sum != nil { add(Self.named(name + "_sum", labels), sum.values[1], point, startNs: sum.startNs) }
        add(Self.named(name + "_count", labels), sum.values[0], point, startNs: sum.startNs)
        var below = 0.0
        var exemplars = point.exemplars.sorted { $0.value < $1.value }[...]
        for (index, bound) in point.bounds.enumerated() {
            if index + 2 < sum.values.count { below += sum.values[index + 2] }
            let le = FloatText.openMetrics(bound == 0 ? 0 : bound)
            add(Self.named(name + "_bucket", labels, ("le", le)), below, point, startNs: sum.startNs)
            let own = exemplars.prefix { $0.value <= bound }
            addExemplars(Array(own))
            exemplars = exemplars.dropFirst(own.count)
        }
        add(Self.named(name + "_bucket", labels, ("le", "+Inf")), sum.values[0], point, startNs: sum.startNs)
        addExemplars(Array(exemplars))
    }

    /// A native histogram with the bounds as they are.
    private mutating func addCustomBuckets(
        _ point: OTLPPoint, _ sum: (values: [Double], startNs: UInt64), _ name: String, _ labels: [String: String]
    ) {
        let counts = sum.values.dropFirst(2).map { UInt64($0) }
        let native = NativeHistogram(
            schema: NativeHistogram.customBoundsSchema, sum: sum.values[1],
            counts: .integer(count: UInt64(sum.values[0]), zero: 0, positive: counts, negative: []),
            positiveSpans: counts.isEmpty ? [] : [.init(offset: 0, length: UInt32(counts.count))],
            customBounds: point.bounds)
        add(native, point, startNs: sum.startNs, name, labels)
    }

    private mutating func add(
        _ native: NativeHistogram, _ point: OTLPPoint, startNs: UInt64, _ name: String, _ labels: [String: String]
    ) {
        let series = Self.named(name, labels)
        if point.hasNoValue { return add(series, 0, point, startNs: 0) }
        batch.add(
            series,
            SampleBatch.Histogram(
                timestampMs: Self.ms(point.timeNs), startTimestampMs: Self.ms(startNs), value: native))
        addExemplars(point.exemplars)
    }

    private static let schemaMin: Int32 = -4
    private static let schemaMax: Int32 = 8
    /// What Prometheus takes for zero where the sender does not say.
    private static let zeroThresholdDefault = 1e-128

    private mutating func addExponential(
        _ point: OTLPPoint, isDelta: Bool, _ name: String, _ labels: [String: String]
    ) {
        guard point.scale >= Self.schemaMin else {
            return reject(
                1, "\(name): cannot convert exponential to native histogram: scale must be >= -4, was \(point.scale)")
        }
        // A delta histogram would have to be added up over changing scales.
        guard !isDelta else { return reject(1, "\(name): exponential histograms of delta temporality are not taken") }
        let native = NativeHistogram(
            schema: point.scale,
            zeroThreshold: point.zeroThreshold == 0 ? Self.zeroThresholdDefault : point.zeroThreshold,
            sum: point.sum ?? 0,
            counts: .integer(
                count: point.count, zero: point.zeroCount, positive: point.positive.counts,
                negative: point.negative.counts),
            positiveSpans: Self.spans(point.positive), negativeSpans: Self.spans(point.negative))
        add(native.coarsened(to: Self.schemaMax), point, startNs: point.startNs, name, labels)
    }

    /// Buckets of OpenTelemetry begin above their bound, those of Prometheus end at it: one index more.
    private static func spans(_ buckets: OTLPPoint.Buckets) -> [NativeHistogram.Span] {
        buckets.counts.isEmpty
            ? [] : [NativeHistogram.Span(offset: buckets.offset &+ 1, length: UInt32(buckets.counts.count))]
    }

    private mutating func addSummary(_ point: OTLPPoint, _ name: String, _ labels: [String: String]) {
        add(Self.named(name + "_sum", labels), point.sum ?? 0, point, startNs: point.startNs)
        add(Self.named(name + "_count", labels), Double(point.count), point, startNs: point.startNs)
        for entry in point.quantiles {
            let quantile = FloatText.openMetrics(entry.quantile == 0 ? 0 : entry.quantile)
            add(Self.named(name, labels, ("quantile", quantile)), entry.value, point, startNs: point.startNs)
        }
    }
}

import Encoding
import Model

/// What arrived by StatsD, added up: counters and timers grow, gauges hold their last value, sets count their members
/// of one interval.
struct StatsDMetrics: Sendable {
    private enum Metric: Sendable {
        case counter(Double)
        case gauge(Double)
        case timer(Timer)
        case set(Set<String>)
    }

    private struct Timer: Sendable {
        var buckets = [Double](repeating: 0, count: StatsDMetrics.bounds.count)
        var count = 0.0
        var sum = 0.0
    }

    /// Upper bounds of timers in seconds: those of Prometheus' clients.
    static let bounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    static let seriesMax = 100_000

    private var metrics: [Labels: Metric] = [:]
    /// Lines that were refused because there are as many series as may be.
    private(set) var refused = 0

    mutating func take(_ line: StatsDLine) {
        var pairs: [(name: String, value: String)] = line.tags.map { (Self.name($0.name), $0.value) }
        pairs.append((Labels.metricName, Self.name(line.name)))
        let labels = Labels(pairs)
        guard metrics[labels] != nil || metrics.count < Self.seriesMax else {
            refused += 1
            return
        }
        switch line.kind {
        case .counter:
            let sum = line.values.reduce(0, +) / line.rate
            if case .counter(let before)? = metrics[labels] {
                metrics[labels] = .counter(before + sum)
            } else {
                metrics[labels] = .counter(sum)
            }
        case .gauge:
            guard let last = line.values.last else { return }
            if line.isRelative, case .gauge(let before)? = metrics[labels] {
                metrics[labels] = .gauge(before + line.values.reduce(0, +))
            } else {
                metrics[labels] = .gauge(last)
            }
        case .timer:
            var timer = Timer()
            if case .timer(let before)? = metrics[labels] { timer = before }
            for value in line.values {
                timer.count += 1 / line.rate
                timer.sum += value / line.rate
                for (index, bound) in Self.bounds.enumerated() where value <= bound {
                    timer.buckets[index] += 1 / line.rate
                }
            }
            metrics[labels] = .timer(timer)
        case .set:
            var members: Set<String> = []
            if case .set(let before)? = metrics[labels] { members = before }
            members.formUnion(line.members)
            metrics[labels] = .set(members)
        }
    }

    /// Everything as it is now; sets begin anew.
    mutating func write(atMs: Int64, to batch: inout LabelledBatch) {
        for (labels, metric) in metrics {
            switch metric {
            case .counter(let value), .gauge(let value): batch.add(labels, value, atMs: atMs)
            case .timer(let timer): Self.write(timer, labels, atMs, &batch)
            case .set(let members):
                batch.add(labels, Double(members.count), atMs: atMs)
                metrics[labels] = .set([])
            }
        }
    }

    private static func write(_ timer: Timer, _ labels: Labels, _ atMs: Int64, _ batch: inout LabelledBatch) {
        func named(_ suffix: String, _ le: String? = nil) -> Labels {
            var builder = LabelsBuilder(labels)
            builder.set(Labels.metricName, labels[Labels.metricName] + suffix)
            if let le { builder.set("le", le) }
            return builder.labels()
        }
        for (index, bound) in bounds.enumerated() {
            batch.add(named("_bucket", FloatText.openMetrics(bound)), timer.buckets[index], atMs: atMs)
        }
        batch.add(named("_bucket", "+Inf"), timer.count, atMs: atMs)
        batch.add(named("_sum"), timer.sum, atMs: atMs)
        batch.add(named("_count"), timer.count, atMs: atMs)
    }

    /// Dots and other marks become underscores, as statsd_exporter has it.
    private static func name(_ text: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ":": name.unicodeScalars.append(scalar)
            default: name += "_"
            }
        }
        guard let first = name.unicodeScalars.first, "0"..."9" ~= first else { return name }
        return "_" + name
    }
}

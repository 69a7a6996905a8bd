package import Posix

/// Every metric of a process, by name.
///
/// Asking twice for the same name with the same kind and labels gives the same metric, so that two stores of one kind
/// share a family; asking for it in another shape is a bug and traps.
package final class Registry: Sendable {
    private struct Entry: Sendable {
        let help: String
        let kind: MetricKind
        let unit: MetricUnit
        /// The family for handles, nil for a callback.
        let family: (any AnyObject & Sendable)?
        let read: @Sendable () -> [MetricPoint]
    }

    /// Label sets that one family holds unless it says otherwise.
    package static let childrenMax = 1_000

    let time: any TimeSource
    private let entries = Lock<[String: Entry]>([:])

    package init(time: any TimeSource = SystemTime()) {
        self.time = time
    }

    package func counter(_ name: String, _ help: String, unit: MetricUnit = .none) -> Counter {
        counters(name, help, unit: unit, labels: []).with()
    }

    package func counters(
        _ name: String, _ help: String, unit: MetricUnit = .none, labels: [String],
        childrenMax: Int = Registry.childrenMax
    ) -> Family<Counter> {
        precondition(name.hasSuffix("_total"), "BUG: the name of a counter ends in _total, '\(name)' does not")
        let time = self.time
        return family(name, help, .counter, unit, labels, childrenMax) { Counter(unit: unit, time: time) }
    }

    package func gauge(_ name: String, _ help: String, unit: MetricUnit = .none) -> Gauge {
        gauges(name, help, unit: unit, labels: []).with()
    }

    package func gauges(
        _ name: String, _ help: String, unit: MetricUnit = .none, labels: [String],
        childrenMax: Int = Registry.childrenMax
    ) -> Family<Gauge> {
        family(name, help, .gauge, unit, labels, childrenMax) { Gauge(unit: unit) }
    }

    package func histogram(
        _ name: String, _ help: String, unit: MetricUnit = .none, buckets: HistogramBuckets
    ) -> Histogram {
        histograms(name, help, unit: unit, buckets: buckets, labels: []).with()
    }

    package func histograms(
        _ name: String, _ help: String, unit: MetricUnit = .none, buckets: HistogramBuckets, labels: [String],
        childrenMax: Int = Registry.childrenMax
    ) -> Family<Histogram> {
        let time = self.time
        return family(name, help, .histogram, unit, labels, childrenMax) {
            Histogram(buckets, unit: unit, time: time)
        }
    }

    /// A metric that is read when it is asked for. A later registration of the name takes the earlier one's place, as a
    /// reload needs it. `read` runs without the registry's lock, on the thread that asks, and must not wait.
    package func callback(
        _ name: String, _ help: String, kind: MetricKind = .gauge, unit: MetricUnit = .none,
        read: @escaping @Sendable () -> Double
    ) {
        callbacks(name, help, kind: kind, unit: unit, labels: []) { [CallbackValue([], read())] }
    }

    /// Like `callback` for many label sets at once; what exceeds `childrenMax` is not shown.
    package func callbacks(
        _ name: String, _ help: String, kind: MetricKind = .gauge, unit: MetricUnit = .none, labels: [String],
        childrenMax: Int = Registry.childrenMax, read: @escaping @Sendable () -> [CallbackValue]
    ) {
        precondition(kind != .histogram, "BUG: a callback gives one number, \(name) is a histogram")
        precondition(kind != .counter || name.hasSuffix("_total"), "BUG: the name of a counter ends in _total: \(name)")
        Self.check(name, unit: unit, labels: labels)
        let entry = Entry(help: help, kind: kind, unit: unit, family: nil) {
            read().prefix(childrenMax).map { value in
                precondition(value.labelValues.count == labels.count, "BUG: \(name) has labels \(labels)")
                return MetricPoint(
                    labels: zip(labels, value.labelValues).map { LabelPair($0, $1) },
                    reading: .number(value.value, exemplar: nil), createdMs: nil)
            }
        }
        entries.withLock { entries in
            precondition(entries[name]?.family == nil, "BUG: \(name) is registered with a handle already")
            entries[name] = entry
        }
    }

    /// Reads everything, in the order of the names.
    package var families: [MetricFamily] {
        let entries = self.entries.withLock { $0 }
        return entries.sorted { $0.key < $1.key }.map { name, entry in
            MetricFamily(name: name, help: entry.help, kind: entry.kind, unit: entry.unit, points: entry.read())
        }
    }

    private func family<Child: Metric>(
        _ name: String, _ help: String, _ kind: MetricKind, _ unit: MetricUnit, _ labels: [String],
        _ childrenMax: Int, make: @escaping @Sendable () -> Child
    ) -> Family<Child> {
        Self.check(name, unit: unit, labels: labels)
        let overflowName = "obs_metric_label_sets_refused_total"
        let made = Family<Child>(
            name: name, labelNames: labels, childrenMax: childrenMax, time: time, make: make,
            onOverflow: { [weak self] in
                guard name != overflowName else { return }
                self?.counters(
                    overflowName, "Times a metric was asked for a label set beyond its bound, by metric.",
                    labels: ["metric"]
                ).with(name).add()
            })
        return entries.withLock { entries in
            guard let existing = entries[name] else {
                entries[name] = Entry(help: help, kind: kind, unit: unit, family: made, read: { made.points })
                return made
            }
            guard let family = existing.family as? Family<Child>, family.labelNames == labels, existing.unit == unit
            else { preconditionFailure("BUG: \(name) is registered twice in different shapes") }
            return family
        }
    }

    private static func check(_ name: String, unit: MetricUnit, labels: [String]) {
        precondition(isName(name, colons: true), "BUG: '\(name)' is not a metric name")
        if let word = unit.word {
            precondition(
                name.hasSuffix("_\(word)") || name.hasSuffix("_\(word)_total"),
                "BUG: \(name) is measured in \(word) and its name does not say so")
        }
        for label in labels {
            precondition(
                isName(label, colons: false) && !label.hasPrefix("__") && label != "le",
                "BUG: '\(label)' is not a label name that \(name) may have")
        }
        precondition(Set(labels).count == labels.count, "BUG: \(name) has a label twice")
    }

    private static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }
}

/// One label set and its value, as a callback gives it.
package struct CallbackValue: Sendable {
    package let labelValues: [String]
    /// In the unit that readers see.
    package let value: Double

    package init(_ labelValues: [String], _ value: Double) {
        self.labelValues = labelValues
        self.value = value
    }
}

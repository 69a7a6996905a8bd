import Model
import Storage
import TSDB
package import TestSupport

/// A store that did otherwise than the map.
package struct Mismatch: Error, CustomStringConvertible {
    package let description: String
}

/// A store and what it should hold.
package struct StoreModel {
    private var generator: SeededGenerator
    private let rig: StoreRig
    private var expected: [Labels: [Int64: UInt64]] = [:]
    private var histograms: [Labels: [Int64: NativeHistogram]] = [:]
    private var exemplars: [Labels: [Int64: Double]] = [:]
    private var helps: [String: String] = [:]
    private let names: [Labels]
    /// Where time stands; what comes in order is a little after it.
    private var nowMs: Int64 = 1_700_000_000_000

    private init(_ generator: SeededGenerator) throws {
        self.generator = generator
        rig = try StoreRig {
            $0.mergeParts = 3
            $0.journalSegmentBytes = 4096
        }
        names = (0..<12).map { series("m\($0 % 3)", ("host", "h\($0 / 3)")) }
    }

    /// So many random steps, with a comparison after every hundred.
    package static func run(_ generator: SeededGenerator, steps: Int) throws {
        var model = try StoreModel(generator)
        for step in 0..<steps {
            try model.step()
            if step % 100 == 99 { try model.compare(step) }
        }
        try model.compare(steps)
    }

    private mutating func step() throws {
        switch Int.random(in: 0..<1000, using: &generator) {
        case 0..<700: try append()
        case 700..<890: try appendScrape()
        case 890..<900: try appendAnnotations()
        case 900..<940: try appendHistogram()
        case 940..<950: try delete()
        case 950..<974: try rig.store.flush()
        case 974: rig.time.advance(bySeconds: 3700)
        case 975..<990: try rig.store.mergeOnce()
        case 990..<992: try rig.store.mergeAll()
        case 992..<996: try rig.reopen(crashing: true)
        default: try rig.reopen()
        }
    }

    private mutating func anyTime() -> Int64 {
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: Int64.random(in: 0...nowMs, using: &generator)
        case 1..<6: nowMs - Int64.random(in: 0...40, using: &generator) * 15_000
        default: nowMs
        }
    }

    private mutating func anyValue() -> Double {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: Double(bitPattern: generator.next())
        case 1: StaleMarker.value
        default: Double(Int.random(in: 0...10_000, using: &generator)) / 100
        }
    }

    /// One sample, of any age.
    private mutating func append() throws {
        let labels = names.randomElement(using: &generator)!
        let (time, value) = (anyTime(), anyValue())
        nowMs += Int64.random(in: 0...1, using: &generator) * 15_000
        guard histograms[labels]?[time] == nil else { return }
        let outcome = try rig.append(labels, [(time, value)])
        if outcome.refusedTotal == 0 {
            expected[labels, default: [:]][time] = value.bitPattern
        } else {
            let held = expected[labels]?[time]
            try expect(held != nil && held != value.bitPattern, "\(outcome.refusals)")
        }
    }

    /// One new sample of every series, as a scrape brings them, by key where the store knows it.
    private mutating func appendScrape() throws {
        nowMs += 15_000
        var batch = SampleBatch()
        for labels in names { batch.append(labels, [(timestampMs: nowMs, value: anyValue())]) }
        let labels = batch.series.map(\.labels)
        for index in batch.series.indices { batch.series[index].labels = 0..<0 }
        rig.store.resolve(&batch)
        for index in batch.series.indices where batch.series[index].reference == .unresolved {
            batch.series[index].labels = labels[index]
        }
        let outcome = try rig.store.append(&batch)
        try expect(outcome.acceptedSamples == names.count && outcome.unresolved.isEmpty, "\(outcome)")
        for (index, labels) in names.enumerated() {
            expected[labels, default: [:]][nowMs] = batch.values[index].bitPattern
        }
    }

    private mutating func appendHistogram() throws {
        nowMs += 15_000
        let labels = names.randomElement(using: &generator)!
        let buckets = (0..<4).map { _ in UInt64.random(in: 0...100, using: &generator) }
        let value = NativeHistogram(
            schema: 3, sum: Double(buckets[0]) / 8,
            counts: .integer(count: buckets.reduce(0, +), zero: 0, positive: buckets, negative: []),
            positiveSpans: [.init(offset: Int32.random(in: -2...2, using: &generator), length: 4)])
        var batch = SampleBatch()
        batch.append(labels, [])
        batch.histograms = [.init(timestampMs: nowMs, value: value)]
        batch.series[0].histograms = 0..<1
        try expect(rig.store.append(&batch).acceptedHistograms == 1, "a histogram was refused")
        histograms[labels, default: [:]][nowMs] = value
    }

    /// An exemplar, and what a sender tells of a metric.
    private mutating func appendAnnotations() throws {
        nowMs += 15_000
        let labels = names.randomElement(using: &generator)!
        let value = Double(Int.random(in: 0...1000, using: &generator))
        let family = "m\(Int.random(in: 0..<3, using: &generator))"
        let help = "help \(Int.random(in: 0..<5, using: &generator))"
        var batch = SampleBatch()
        batch.append(labels, [(timestampMs: nowMs, value: value)])
        batch.exemplars = [
            .init(series: 0, labels: Labels([("trace_id", "\(nowMs)")]), value: value, timestampMs: nowMs)
        ]
        batch.metadata = [MetricMetadata(family: family, kind: .counter, help: help, unit: "")]
        try expect(rig.store.append(&batch).acceptedExemplars == 1, "an exemplar was refused")
        expected[labels, default: [:]][nowMs] = value.bitPattern
        exemplars[labels, default: [:]][nowMs] = value
        helps[family] = help
    }

    private mutating func delete() throws {
        let host = "h\(Int.random(in: 0..<4, using: &generator))"
        let start = nowMs - Int64.random(in: 0...200, using: &generator) * 15_000
        let end = start + Int64.random(in: 0...100, using: &generator) * 15_000
        try rig.store.delete(
            LabelRequest(selectors: [[Matcher("host", equals: host)]], startMs: start, endMs: end))
        for labels in names where labels["host"] == host {
            expected[labels] = expected[labels]?.filter { !(start...end).contains($0.key) }
            histograms[labels] = histograms[labels]?.filter { !(start...end).contains($0.key) }
        }
    }

    /// Asks the store for a range of some series, and for all that it says of them.
    private mutating func compare(_ step: Int) throws {
        let matchers = [[], [Matcher("host", equals: "h1")], [try Matcher("__name__", .matches, "m[01]")]]
            .randomElement(using: &generator)!
        let start = [Int64.min, nowMs - 600_000].randomElement(using: &generator)!
        let end = [Int64.max, nowMs - 60_000].randomElement(using: &generator)!
        func isMeant(_ labels: Labels) -> Bool {
            matchers.allSatisfy { matcher in
                let value = Array(labels[matcher.name].utf8)
                return matcher.matches(value.span)
            }
        }
        let range = start...end
        let floats = expected.filter { isMeant($0.key) }.mapValues { $0.filter { range.contains($0.key) } }
        let others = histograms.filter { isMeant($0.key) }.mapValues { $0.filter { range.contains($0.key) } }
        // The store says of some that they go on from the one before; CounterResetTests hold that against Prometheus.
        let found = try rig.readHistograms(matchers, range).mapValues { $0.mapValues(\.withoutHint) }
        try expect(rig.read(matchers, range) == floats.filter { !$0.value.isEmpty }, "samples after step \(step)")
        try expect(found == others.filter { !$0.value.isEmpty }, "histograms after step \(step)")
        let present = Set(floats.filter { !$0.value.isEmpty }.keys).union(others.filter { !$0.value.isEmpty }.keys)
        let request = LabelRequest(selectors: [matchers], startMs: start, endMs: end)
        try expect(rig.store.series(request) == present.sorted(), "series after step \(step)")
        let told = try rig.store.metadata(family: nil, limit: 10)
        try expect(
            Dictionary(uniqueKeysWithValues: told.map { ($0.family, $0.help) }) == helps, "metadata after step \(step)")
        let examples = try rig.store.exemplars(request).map { series in
            (series.series, Dictionary(uniqueKeysWithValues: series.exemplars.map { ($0.timestampMs, $0.value) }))
        }
        let wanted = exemplars.filter { isMeant($0.key) }.mapValues { $0.filter { range.contains($0.key) } }
        try expect(
            Dictionary(uniqueKeysWithValues: examples) == wanted.filter { !$0.value.isEmpty },
            "exemplars after step \(step)")
        try expect(rig.store.notices.isEmpty, "\(rig.store.notices) after step \(step)")
    }
}

private func expect(_ isAsExpected: Bool, _ what: @autoclosure () -> String) throws {
    if !isAsExpected { throw Mismatch(description: what()) }
}

extension NativeHistogram {
    fileprivate var withoutHint: NativeHistogram {
        var copy = self
        copy.counterResetHint = .unknown
        return copy
    }
}

import Foundation
import Journal
import Model
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

/// Directories as released versions wrote them. A change of the format adds one and keeps the earlier ones.
///
/// `OBS_WRITE_FIXTURE=NAME` writes Fixtures/NAME by this version.
@Suite("Stores of released formats")
struct ReleasedFormatTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures")
    private static let nameToWrite = ProcessInfo.processInfo.environment["OBS_WRITE_FIXTURE"]

    static let names: [String] = {
        let path = fixtures.path
        let found = try? FileManager.default.contentsOfDirectory(atPath: path)  // where there is none, a test says so
        return (found ?? []).sorted()
    }()

    @Test("are opened, hold what was put in, and are whole", arguments: names)
    func opens(name: String) throws {
        let copy = TemporaryDirectory()
        let path = copy.file("data")
        try FileManager.default.copyItem(atPath: Self.fixtures.appendingPathComponent(name).path, toPath: path)
        let store = try TimeSeriesStore(directory: path, options: Self.options)
        defer { store.abandon() }
        let expected = FixtureContent()
        #expect(try FixtureContent.read(store) == expected.samples)
        #expect(try store.metadata(family: "requests_total", limit: 1).first?.help == "Requests.")
        let exemplars = try store.exemplars(LabelRequest())
        #expect(exemplars.flatMap { $0.exemplars.map(\.value) } == [0.25])
        #expect(try store.verify() == [])
        #expect(store.notices.isEmpty)
    }

    @Test("there is at least the first of them")
    func isThere() { #expect(Self.names.contains("1")) }

    @Test("are written on demand", .enabled(if: nameToWrite != nil))
    func writes() throws {
        let path = Self.fixtures.appendingPathComponent(try #require(Self.nameToWrite)).path
        let store = try TimeSeriesStore(directory: path, options: Self.options)
        try FixtureContent().write(to: store)
        store.abandon()
    }

    private static var options: StoreOptions {
        var options = StoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        options.shards = 2
        options.mergeParts = 2
        return options
    }
}

/// Samples of all kinds from a fixed seed.
struct FixtureContent {
    /// By series and time: the bits of a float, or a histogram as text.
    typealias Samples = [Labels: [Int64: String]]

    private(set) var samples: Samples = [:]
    private var batches: [SampleBatch] = []

    init() {
        var generator = SeededGenerator(seed: 3)
        for round in 0..<40 {
            var batch = SampleBatch()
            let timeMs = 1_750_000_000_000 + Int64(round) * 15_000
            for target in 0..<3 {
                let values: [(String, Double)] = [
                    ("requests_total", Double(round * 7 + target)),
                    ("temperature_celsius", Double(Int.random(in: 200...400, using: &generator)) / 10),
                    ("anything", Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator))),
                    ("gone", round == 20 ? StaleMarker.value : 1), ("speed_hertz", Double(round % 9) * 1e6),
                ]
                for (name, value) in values {
                    add(series(name, ("target", "t\(target)")), timeMs + Int64(target), value, to: &batch)
                }
            }
            add(series("old"), 1000 + Int64(round), Double(round), to: &batch)
            addHistogram(timeMs, round, to: &batch)
            batches.append(batch)
        }
        batches[0].metadata = [
            MetricMetadata(family: "requests_total", kind: .counter, help: "Requests.", unit: "")
        ]
        batches[0].exemplars = [
            .init(series: 0, labels: Labels([("trace_id", "7")]), value: 0.25, timestampMs: 1_750_000_000_000)
        ]
    }

    private mutating func add(_ labels: Labels, _ timeMs: Int64, _ value: Double, to batch: inout SampleBatch) {
        batch.append(labels, [(timestampMs: timeMs, value: value)])
        samples[labels, default: [:]][timeMs] = "\(value.bitPattern)"
    }

    private mutating func addHistogram(_ timeMs: Int64, _ round: Int, to batch: inout SampleBatch) {
        let labels = series("latency")
        let buckets = [UInt64(round), UInt64(round / 2)]
        let value = NativeHistogram(
            schema: 2, counterResetHint: .gauge, zeroThreshold: 0.001, sum: Double(round) / 4,
            counts: round % 10 == 3
                ? .float(count: 2.5, zero: 0.5, positive: [1, 1], negative: [])
                : .integer(count: buckets.reduce(0, +), zero: 0, positive: buckets, negative: []),
            positiveSpans: [.init(offset: -1, length: 2)])
        batch.append(labels, [])
        let index = batch.series.count - 1
        batch.histograms = [.init(timestampMs: timeMs, value: value)]
        batch.series[index].histograms = 0..<1
        samples[labels, default: [:]][timeMs] = Self.text(value)
    }

    /// Parts of two levels, then a log.
    func write(to store: TimeSeriesStore) throws {
        for (round, batch) in batches.enumerated() {
            var batch = batch
            _ = try store.append(&batch)
            if [9, 19, 29].contains(round) { try store.flush() }
            if round == 19 { while try store.mergeOnce() {} }
        }
    }

    static func read(_ store: TimeSeriesStore) throws -> Samples {
        let selection = try store.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
        var labels = LabelBlock()
        try selection.labels(0..<selection.count, into: &labels)
        var block = SeriesBlock()
        try selection.read(0..<selection.count, into: &block)
        var found: Samples = [:]
        for (index, floats) in block.floats.enumerated() {
            let own = labels.labels(index)
            for place in 0..<floats.count {
                let timeMs = block.timestampsMs[floats.timestampStart + place]
                found[own, default: [:]][timeMs] = "\(block.values[floats.valueStart + place].bitPattern)"
            }
            for histogram in block.histograms[block.histogramOffsets[index]..<block.histogramOffsets[index + 1]] {
                found[own, default: [:]][histogram.timestampMs] = text(histogram.value)
            }
        }
        return found
    }

    private static func text(_ value: NativeHistogram) -> String { "\(value)" }
}

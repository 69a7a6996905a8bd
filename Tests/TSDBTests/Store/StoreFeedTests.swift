import Model
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

@Suite("The feed of a store")
struct StoreFeedTests {
    private func read(_ rig: StoreRig, from position: FeedPosition) throws -> (batch: FeedBatch, end: FeedPosition) {
        var batch = FeedBatch()
        var position = position
        while position < rig.store.end {
            let reached = try rig.store.read(from: position, atMost: batch.count + 3, into: &batch)
            try #require(reached > position)
            position = reached
        }
        return (batch, position)
    }

    /// Samples by the labels that the store gives their numbers.
    private func samples(_ rig: StoreRig, _ batch: FeedBatch) throws -> [Labels: [Int64]] {
        var found: [Labels: [Int64]] = [:]
        for place in batch.ids.indices {
            var bytes: [UInt8] = []
            try #require(rig.store.appendLabels(ofSeries: batch.ids[place], to: &bytes))
            found[Labels(canonical: bytes), default: []].append(batch.timestampsMs[place])
        }
        return found
    }

    @Test("brings what was accepted, once, over flushes and restarts")
    func bringsEverything() throws {
        let rig = try StoreRig { $0.keepsLogUntilReadersAreKnown = true }
        let (a, b) = (series("a", ("n", "1")), series("b"))
        try rig.append(a, [(1, 1), (2, 2)])
        try rig.append(a, [(2, 2), (3, 3)])
        try rig.store.flush()
        try rig.append(b, [(1, 1)])
        try rig.reopen(crashing: true)
        try rig.append(a, [(4, 4)])
        let first = try read(rig, from: FeedPosition(0))
        #expect(try samples(rig, first.batch) == [a: [1, 2, 3, 4], b: [1]])
        try rig.append(b, [(2, 2)])
        #expect(try samples(rig, try read(rig, from: first.end).batch) == [b: [2]])
    }

    @Test("brings histograms, starts and exemplars")
    func bringsOtherKinds() throws {
        let rig = try StoreRig()
        let begin = rig.store.end
        let value = NativeHistogram(
            schema: 1, sum: 2, counts: .integer(count: 3, zero: 1, positive: [2], negative: []),
            positiveSpans: [.init(offset: 0, length: 1)])
        var batch = SampleBatch()
        batch.append(series("h"), [])
        batch.histograms = [.init(timestampMs: 5, value: value)]
        batch.series[0].histograms = 0..<1
        batch.append(series("c_total"), [(timestampMs: 7, value: 1)])
        batch.startTimestampsMs = [6]
        let trace = Labels([("trace_id", "x")])
        batch.exemplars = [.init(series: 1, labels: trace, value: 1, timestampMs: 7)]
        _ = try rig.store.append(&batch)
        let read = try read(rig, from: begin).batch
        #expect(read.histograms.map(\.histogram) == batch.histograms)
        #expect(read.startTimestampsMs == [6] && read.timestampsMs == [7])
        #expect(read.exemplars.map(\.series) == [series("c_total")] && read.exemplars.map(\.exemplar.labels) == [trace])
    }

    @Test("stays as far as its readers need it, and no further than its bound")
    func isKept() throws {
        let rig = try StoreRig {
            $0.journalSegmentBytes = 300
            $0.feedBytesMax = 3000
        }
        let a = series("a")
        func write(_ times: Range<Int64>) throws {
            for time in times { try rig.append(a, [(time, Double(time) * 1.1)]) }
            try rig.store.flush()
        }
        try write(1..<20)
        #expect(rig.store.beginning.value > 0)
        let place = rig.store.end
        rig.store.keep(from: place, for: "reader")
        try write(20..<40)
        #expect(rig.store.beginning <= place)
        #expect(try samples(rig, try read(rig, from: place).batch) == [a: Array(20..<40)])
        try write(40..<200)
        #expect(rig.store.beginning > place)
        #expect(rig.store.end.value - rig.store.beginning.value < 4000)
        rig.store.keep(from: nil, for: "reader")
        try write(200..<201)
        #expect(rig.store.end.value - rig.store.beginning.value < 400)
    }
}

import Model
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

@Suite("Counter resets of histograms")
struct CounterResetTests {
    @Test("are ruled out where every bucket goes on, as Prometheus' chunks do, in the head, in parts and across them")
    func areRuledOut() throws {
        let steps: [(counts: [UInt64], offset: Int32, hint: NativeHistogram.CounterResetHint)] = [
            ([1, 2], 0, .unknown), ([1, 3], 0, .notReset), ([0, 4], 0, .unknown), ([0, 4, 1], 0, .notReset),
            ([4, 2], 1, .notReset), ([4], 1, .unknown), ([9], 1, .notReset), ([9], 2, .unknown),
        ]
        let rig = try StoreRig()
        for (index, step) in steps.enumerated() {
            try append(step.counts, offset: step.offset, atMs: Int64(index + 1) * 1000, hint: .unknown, to: rig)
        }
        try expect(steps.map(\.hint), rig)
        try rig.store.flush()
        try expect(steps.map(\.hint), rig)
        try append([20], offset: 2, atMs: 9000, hint: .notReset, to: rig)
        try append([30], offset: 2, atMs: 10_000, hint: .reset, to: rig)
        try append([40], offset: 2, atMs: 11_000, hint: .gauge, to: rig)
        try append([50], offset: 2, atMs: 12_000, hint: .unknown, to: rig)
        try expect(steps.map(\.hint) + [.notReset, .reset, .gauge, .unknown], rig)
    }

    private func append(
        _ counts: [UInt64], offset: Int32, atMs timeMs: Int64, hint: NativeHistogram.CounterResetHint, to rig: StoreRig
    ) throws {
        let value = NativeHistogram(
            schema: 3, counterResetHint: hint, sum: 1,
            counts: .integer(count: counts.reduce(0, +), zero: 0, positive: counts, negative: []),
            positiveSpans: [.init(offset: offset, length: UInt32(counts.count))])
        var batch = SampleBatch()
        batch.append(series("h"), [])
        batch.histograms = [.init(timestampMs: timeMs, value: value)]
        batch.series[0].histograms = 0..<1
        #expect(try rig.store.append(&batch).acceptedHistograms == 1)
    }

    private func expect(_ hints: [NativeHistogram.CounterResetHint], _ rig: StoreRig) throws {
        let found = try rig.readHistograms([], .min ... .max)[series("h")] ?? [:]
        #expect(found.sorted { $0.key < $1.key }.map(\.value.counterResetHint) == hints)
    }
}

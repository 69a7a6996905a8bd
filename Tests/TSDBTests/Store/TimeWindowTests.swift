import Model
import Parts
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

@Suite("Windows of time")
struct TimeWindowTests {
    @Test("hold every timestamp once, and are few even for senders that make timestamps up")
    func coverAllTime() {
        var generator = SeededGenerator.announced()
        for shift: Int64 in [22, 28, 31] {
            var partitions: [Int64: TimeWindow] = [:]
            for round in 0..<20_000 {
                let timeMs =
                    round % 2 == 0
                    ? Int64.random(in: .min ... .max, using: &generator)
                    : Int64.random(in: 0...4_102_444_800_000, using: &generator)
                let window = TimeWindow(of: timeMs, shift: shift)
                #expect(window.contains(timeMs))
                #expect(TimeWindow(of: window.startMs, shift: shift) == window)
                #expect(TimeWindow(of: window.endMs, shift: shift) == window)
                #expect(partitions.updateValue(window, forKey: window.partition).map { $0 == window } ?? true)
                #expect(window.partition != StoredContent.labelsPartition)
            }
            if shift == 31 { #expect(partitions.count <= 515) }
        }
    }

    @Test("keep the parts of one flush bounded and every sample, from 1970 to 2100")
    func boundPartsOfHostileSenders() throws {
        let rig = try StoreRig()
        var generator = SeededGenerator.announced()
        var expected: [Int64: UInt64] = [Int64.min + 1: 1.0.bitPattern, .max: 2.0.bitPattern]
        for _ in 0..<3000 {
            expected[.random(in: 0...4_102_444_800_000, using: &generator)] = Double.random(in: 0...1).bitPattern
        }
        let samples = expected.map { ($0.key, Double(bitPattern: $0.value)) }
        #expect(try rig.append(series("up"), samples).acceptedSamples == samples.count)
        try rig.store.flush()
        #expect(rig.store.parts.parts.count <= 520)
        #expect(try rig.read() == [series("up"): expected])
        try rig.store.mergeAll()
        #expect(try rig.read() == [series("up"): expected])
    }
}

import Model
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

@Suite("The store")
struct StoreTests {
    @Test("shows what was accepted at once, after a flush, a merge, a restart and a crash")
    func keepsWhatItAccepted() throws {
        let rig = try StoreRig { $0.mergeParts = 2 }
        let (a, b) = (series("up", ("job", "a")), series("up", ("job", "b")))
        var expected: [Labels: [Int64: UInt64]] = [:]
        for round in 0..<6 {
            for (labels, factor) in [(a, 1.0), (b, 2.5)] {
                let samples = (0..<100).map { (Int64(round * 100 + $0) * 15_000, Double(round * 100 + $0) * factor) }
                #expect(try rig.append(labels, samples).acceptedSamples == 100)
                for sample in samples { expected[labels, default: [:]][sample.0] = sample.1.bitPattern }
            }
            #expect(try rig.read() == expected, "round \(round)")
            switch round {
            case 0, 3: try rig.store.flush()
            case 1: try rig.reopen(crashing: true)
            case 2: try rig.reopen()
            case 4: while try rig.store.mergeOnce() {}
            default: break
            }
            #expect(try rig.read() == expected, "round \(round), later")
        }
        try rig.store.flush()
        try rig.store.mergeAll()
        #expect(try rig.read() == expected)
        #expect(try rig.read([Matcher("job", equals: "b")]) == [b: expected[b]!])
        let range: ClosedRange<Int64> = 150_000...300_000
        #expect(try rig.read([], range) == expected.mapValues { $0.filter { range.contains($0.key) } })
        #expect(rig.store.notices.isEmpty)
    }
}

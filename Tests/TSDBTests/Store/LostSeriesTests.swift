import Model
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

@Suite("Series of which nothing is left")
struct LostSeriesTests {
    private static let hourMs: Int64 = 3_600_000
    private static let startMs: Int64 = 1_700_000_000_000

    @Test("leave the index when retention has taken their samples, and those that go on stay")
    func leaveWithTheirSamples() throws {
        let rig = try StoreRig {
            $0.retentionMs = 24 * Self.hourMs
            $0.mergeParts = 3
        }
        let stays = series("up", ("host", "stays"))
        for hour in 0..<100 {
            let now = Self.startMs + Int64(hour) * Self.hourMs
            rig.move(toMs: now)
            try rig.append(stays, [(now, Double(hour))])
            try rig.append(series("up", ("host", "h\(hour)")), [(now, 1)])
            try rig.store.flush()
            try rig.store.applyRetention()
            while try rig.store.mergeOnce() {}
            if hour % 10 == 9 { try rig.store.forgetLostSeries(atLeast: 0) }
            #expect(try rig.store.verify() == [], "hour \(hour)")
        }
        let served = try rig.store.series(LabelRequest())
        let known = rig.store.seriesCount
        #expect(known < 60, "\(known) series are in the index of a store that keeps a day")
        #expect(served.contains(stays) && served.contains(series("up", ("host", "h99"))))
        #expect(try rig.store.labelValues("host", LabelRequest()).contains("h0") == false)
        try rig.reopen()
        #expect(try rig.store.series(LabelRequest()) == served)
        #expect(rig.store.notices.isEmpty)
    }

    @Test("are made anew when they come back")
    func comeBack() throws {
        let rig = try StoreRig { $0.mergeParts = 2 }
        let (a, b) = (series("up", ("host", "a")), series("up", ("host", "b")))
        try rig.append(a, [(1000, 1)])
        try rig.append(b, [(1000, 2)])
        try rig.store.delete(LabelRequest(selectors: [[Matcher("host", equals: "a")]]))
        try rig.store.mergeAll()
        // Still active: only a restart or time takes its place in the head.
        try rig.store.forgetLostSeries(atLeast: 0)
        #expect(rig.store.seriesCount == 2)
        try rig.reopen()
        try rig.store.forgetLostSeries(atLeast: 0)
        #expect(rig.store.seriesCount == 1)
        #expect(try rig.read() == [b: [1000: 2.0.bitPattern]])
        try rig.append(a, [(2000, 3)])
        #expect(rig.store.seriesCount == 2)
        for _ in 0..<2 {
            #expect(try rig.read() == [a: [2000: 3.0.bitPattern], b: [1000: 2.0.bitPattern]])
            try rig.reopen(crashing: true)
        }
    }
}

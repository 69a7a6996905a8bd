import Model
import Parts
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

@Suite("Retention of a store")
struct StoreRetentionTests {
    private static let dayMs: Int64 = 86_400_000
    private static let startMs: Int64 = 1_700_000_000_000

    @Test("keeps dev for 7 days, staging for 14 and production for 30")
    func keepsBySelector() throws {
        let rig = try StoreRig {
            $0.retentionMs = 30 * Self.dayMs
            $0.retentionRules = [("dev", 7), ("staging", 14)].map {
                RetentionRule(matchers: [Matcher("env", equals: $0.0)], retentionMs: $0.1 * Self.dayMs)
            }
        }
        rig.move(toMs: Self.startMs)
        let days: [String: Int64] = ["dev": 7, "staging": 14, "production": 30]
        for day in 0..<60 {
            for env in days.keys {
                try rig.append(series("up", ("env", env)), [(Self.startMs + Int64(day) * Self.dayMs, Double(day))])
            }
            rig.move(toMs: Self.startMs + Int64(day) * Self.dayMs + 1)
            try rig.store.flush()
            try rig.store.applyRetention()
        }
        let answer = try rig.read()
        for (env, kept) in days {
            let samples = answer[series("up", ("env", env))] ?? [:]
            #expect((Int(kept) - 1...Int(kept) + 2).contains(samples.count), "\(env): \(samples.count) days")
            #expect(samples[Self.startMs + 59 * Self.dayMs] != nil, "\(env)")
        }
    }

    @Test("leaves the later of two samples with one timestamp in force where it rewrites a part")
    func keepsTheOrderOfWriting() throws {
        let rig = try StoreRig {
            $0.retentionMs = 30 * Self.dayMs
            $0.retentionRules = [
                RetentionRule(matchers: [Matcher("env", equals: "dev")], retentionMs: 7 * Self.dayMs)
            ]
        }
        rig.move(toMs: Self.startMs)
        let (stays, goes) = (series("up", ("env", "production")), series("up", ("env", "dev")))
        try rig.append(stays, [(Self.startMs, 1), (Self.startMs + 1, 1)])
        try rig.store.flush()
        try rig.append(stays, [(Self.startMs, 2)])
        try rig.append(goes, [(Self.startMs, 3)])
        try rig.store.flush()
        let kept = [stays: [Self.startMs: 2.0.bitPattern, Self.startMs + 1: 1.0.bitPattern]]
        #expect(try rig.read([Matcher("env", equals: "production")]) == kept)
        rig.move(toMs: Self.startMs + 20 * Self.dayMs)
        try rig.store.applyRetention()
        #expect(try rig.read() == kept)
    }

    @Test("gives up the oldest parts where all take more than the limit, and not the newest")
    func keepsBySize() throws {
        let rig = try StoreRig {
            $0.retentionMs = 365 * Self.dayMs
            $0.retentionBytes = 4000
        }
        rig.move(toMs: Self.startMs)
        for day in 0..<40 {
            let samples = (0..<50).map {
                (Self.startMs + Int64(day) * Self.dayMs + Int64($0) * 15_000, Double($0 * day))
            }
            try rig.append(series("up"), samples)
            rig.move(toMs: Self.startMs + Int64(day + 1) * Self.dayMs)
            try rig.store.flush()
            try rig.store.applyRetention()
        }
        let samples = try rig.read()[series("up")] ?? [:]
        #expect(samples[Self.startMs] == nil && samples[Self.startMs + 39 * Self.dayMs] != nil)
        let bytes = rig.store.parts.parts.filter { $0.info.partition != StoredContent.labelsPartition }
            .reduce(0) { $0 + $1.info.bytes }
        #expect(bytes <= 4000)
    }

    @Test("hides what is too old before its part is gone, and takes nothing older")
    func hidesWhatIsTooOld() throws {
        let rig = try StoreRig { $0.retentionMs = Self.dayMs }
        rig.move(toMs: Self.startMs)
        try rig.append(series("up"), [(Self.startMs - 1000, 1), (Self.startMs, 2)])
        rig.move(toMs: Self.startMs + Self.dayMs - 500)
        #expect(try rig.read()[series("up")]?.keys.sorted() == [Self.startMs])
        let outcome = try rig.append(series("up"), [(Self.startMs - 2000, 1)])
        #expect(outcome.refused[AppendOutcome.Reason.outOfBounds.rawValue] == 1)
    }
}

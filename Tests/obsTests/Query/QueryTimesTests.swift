import Testing

@testable import obs

@Suite struct QueryTimesTests {
    /// 2026-11-20T19:30:00Z
    private let nowMs: Int64 = 1_795_203_000_000

    @Test(arguments: [
        ("now", 1_795_203_000_000), ("-1h", 1_795_199_400_000), ("now-1h30m", 1_795_197_600_000),
        ("2026-11-20T19:30:00Z", 1_795_203_000_000), ("2026-11-20 19:30:00", 1_795_203_000_000),
        ("2026-11-20 19:30", 1_795_203_000_000), ("2026-11-20T20:30:00+01:00", 1_795_203_000_000),
        ("2026-11-20", 1_795_132_800_000), ("1795203000", 1_795_203_000_000), ("1795203000.25", 1_795_203_000_250),
        ("0", 0),
    ])
    func aMomentIsNamedInManyWays(text: String, ms: Int64) throws {
        #expect(try #require(Moment(text)).ms(nowMs: nowMs) == ms)
    }

    @Test(arguments: ["", "yesterday", "2026-13-01", "2026-11-20 25:00", "1h", "-", "now+1h", "nan", "inf"])
    func whatIsNoMomentIsNone(text: String) {
        #expect(Moment(text) == nil)
    }

    @Test func aRangeEndsNowUnlessItIsSaid() throws {
        let hour: Int64 = 3_600_000
        var times = QueryTimes()
        #expect(try times.resolved(nowMs: nowMs) == .instant(ms: nowMs))
        times.rangeMs = 6 * hour
        #expect(try times.resolved(nowMs: nowMs) == .range(fromMs: nowMs - 6 * hour, toMs: nowMs, stepMs: 120_000))
        times.to = .beforeNow(ms: hour)
        times.stepMs = 30_000
        #expect(
            try times.resolved(nowMs: nowMs)
                == .range(fromMs: nowMs - 7 * hour, toMs: nowMs - hour, stepMs: 30_000))
        times = QueryTimes(from: .fixed(ms: 0), rangeMs: hour)
        #expect(try times.resolved(nowMs: nowMs) == .range(fromMs: 0, toMs: hour, stepMs: 15_000))
        times = QueryTimes(from: .fixed(ms: 0))
        #expect(
            try times.resolved(nowMs: nowMs) == .range(fromMs: 0, toMs: nowMs, stepMs: 87 * 86_400_000))
    }

    @Test(arguments: [
        QueryTimes(stepMs: 1), QueryTimes(at: .fixed(ms: 1), rangeMs: 1), QueryTimes(to: .fixed(ms: 1)),
        QueryTimes(from: .fixed(ms: 1), to: .fixed(ms: 2), rangeMs: 1),
        QueryTimes(from: .fixed(ms: 2), to: .fixed(ms: 1)),
    ])
    func flagsThatContradictEachOtherAreRefused(times: QueryTimes) {
        #expect(throws: UsageError.self) { try times.resolved(nowMs: nowMs) }
    }
}

import Encoding
import Model

/// A moment as a person names it: fixed, or so long before now.
enum Moment: Sendable, Equatable {
    case fixed(ms: Int64)
    case beforeNow(ms: Int64)

    /// `now`, `now-1h` or `-1h`; `2026-11-20T19:30:00Z`, `2026-11-20 19:30` or `2026-11-20` in UTC; seconds since 1970.
    init?(_ text: String) {
        if text == "now" {
            self = .beforeNow(ms: 0)
            return
        }
        if let dash = ["now-", "-"].first(where: text.hasPrefix),
            let ms = try? Durations.milliseconds(of: String(text.dropFirst(dash.count)))  // then it is something else
        {
            self = .beforeNow(ms: ms)
            return
        }
        if let seconds = FloatReading.float(text), seconds.magnitude < 9e15 {
            self = .fixed(ms: Int64((seconds * 1000).rounded()))
            return
        }
        let spelled = text.replacingBlank
        for form in [spelled, spelled + "Z", spelled + ":00Z", spelled + "T00:00:00Z"] {
            guard let ms = RFC3339.ms(form) else { continue }
            self = .fixed(ms: ms)
            return
        }
        return nil
    }

    func ms(nowMs: Int64) -> Int64 {
        switch self {
        case .fixed(let ms): ms
        case .beforeNow(let ms): nowMs - ms
        }
    }
}

extension String {
    /// With a `T` for the blank between a day and a clock.
    fileprivate var replacingBlank: String { String(map { $0 == " " ? "T" : $0 }) }
}

/// When a query is asked for, as the flags say it.
struct QueryTimes: Sendable, Equatable {
    enum Resolved: Equatable {
        case instant(ms: Int64)
        case range(fromMs: Int64, toMs: Int64, stepMs: Int64)
    }

    var at: Moment?
    var from: Moment?
    var to: Moment?
    var rangeMs: Int64?
    var stepMs: Int64?

    /// A query without a step gets about this many points at most: enough for a wide terminal.
    private static let pointsWanted: Int64 = 240
    /// Round steps, in seconds.
    private static let steps: [Int64] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    ]

    var isRange: Bool { from != nil || to != nil || rangeMs != nil }

    /// - Throws: where the flags contradict each other.
    func resolved(nowMs: Int64) throws(UsageError) -> Resolved {
        guard isRange else {
            if stepMs != nil { throw UsageError("--step belongs to a range: add --range or --from") }
            return .instant(ms: (at ?? .beforeNow(ms: 0)).ms(nowMs: nowMs))
        }
        if at != nil { throw UsageError("--at is for one instant; a range ends with --to") }
        if from != nil, to != nil, rangeMs != nil { throw UsageError("of --from, --to and --range only two can be") }
        let fromMs: Int64
        let toMs: Int64
        switch (from, to, rangeMs) {
        case (let from?, let to, nil):
            (fromMs, toMs) = (from.ms(nowMs: nowMs), (to ?? .beforeNow(ms: 0)).ms(nowMs: nowMs))
        case (let from?, _, let range?): (fromMs, toMs) = (from.ms(nowMs: nowMs), from.ms(nowMs: nowMs) + range)
        case (nil, let to, let range?):
            toMs = (to ?? .beforeNow(ms: 0)).ms(nowMs: nowMs)
            fromMs = toMs - range
        case (nil, _, nil): throw UsageError("--to needs --from or --range")
        }
        guard fromMs <= toMs else { throw UsageError("the range ends before it begins") }
        return .range(fromMs: fromMs, toMs: toMs, stepMs: stepMs ?? Self.step(for: toMs - fromMs))
    }

    /// Whole days where no round step is long enough.
    private static func step(for spanMs: Int64) -> Int64 {
        let needed = (spanMs / 1000 + pointsWanted - 1) / pointsWanted
        return (steps.first { $0 >= needed } ?? (needed + 86_399) / 86_400 * 86_400) * 1000
    }
}

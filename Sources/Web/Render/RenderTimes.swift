import Model

/// The range of time of a picture, and how far apart its points are.
struct RenderTimes {
    let fromMs: Int64
    let toMs: Int64
    let stepMs: Int64

    /// How many points there are.
    var count: Int { Int((toMs - fromMs) / stepMs) + 1 }

    /// For rates: how often is scraped where nobody says.
    static let scrapeMs: Int64 = 15_000
    private static let spanMaxMs: Int64 = 366 * 86_400_000

    /// Any hour, for what only wants to know whether it could be asked.
    static let hour = RenderTimes(fromMs: 0, toMs: 3_600_000, stepMs: 15_000)

    private init(fromMs: Int64, toMs: Int64, stepMs: Int64) {
        (self.fromMs, self.toMs, self.stepMs) = (fromMs, toMs, stepMs)
    }

    /// - Parameters:
    ///   - from: `now`, `now-6h` or Unix milliseconds.
    ///   - points: about as many as there are pixels.
    init(from: String, to: String, nowMs: Int64, points: Int) throws(APIError) {
        let (first, last) = (try Self.ms(from, "from", nowMs), try Self.ms(to, "to", nowMs))
        guard first < last, last - first <= Self.spanMaxMs else {
            throw APIError(parameter: "from", "a picture shows a year at most, and from is before to")
        }
        let least = (last - first) / Int64(max(points, 1))
        stepMs = Self.steps.first { $0 >= least } ?? Self.steps[Self.steps.count - 1]
        // At multiples of the step, so that a picture drawn again has the same points.
        fromMs = first / stepMs * stepMs
        toMs = last / stepMs * stepMs
    }

    private static let steps: [Int64] =
        [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400].map { $0 * 1000 }

    private static func ms(_ text: String, _ name: String, _ nowMs: Int64) throws(APIError) -> Int64 {
        if text == "now" { return nowMs }
        do throws(DurationError) {
            if text.hasPrefix("now-") { return nowMs - (try Durations.milliseconds(of: String(text.dropFirst(4)))) }
        } catch {
            throw APIError(parameter: name, "\(error)")
        }
        guard let ms = Int64(text), ms >= 0, ms < 1 << 50 else {
            throw APIError(parameter: name, "\(text) is none of now, now-6h and Unix milliseconds")
        }
        return ms
    }
}

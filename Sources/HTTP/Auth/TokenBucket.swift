/// Lets `perSecond` units through in the long run, and up to two seconds' worth at once.
///
/// It may go into debt: what a request really cost (its body) is known only after it was let in, and later requests wait
/// until the debt is paid.
struct TokenBucket {
    private static let burstSeconds = 2.0

    private let perSecond: Double
    private var units: Double
    private var filledNs: Int64

    init(perSecond: Int, nowNs: Int64) {
        self.perSecond = Double(max(1, perSecond))
        units = self.perSecond * Self.burstSeconds
        filledNs = nowNs
    }

    /// Nanoseconds until the bucket holds at least one unit; 0 if it does.
    mutating func waitNs(nowNs: Int64) -> Int64 {
        let elapsed = Double(max(0, nowNs - filledNs)) / 1_000_000_000
        units = min(perSecond * Self.burstSeconds, units + elapsed * perSecond)
        filledNs = max(filledNs, nowNs)
        return units >= 1 ? 0 : Int64((1 - units) / perSecond * 1_000_000_000) + 1
    }

    mutating func take(_ count: Int) {
        units -= Double(count)
    }
}

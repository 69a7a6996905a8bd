import Glibc

/// How busy an hour of the day is, as a share of the busiest: quiet before dawn, a peak at noon, a higher one at eight.
struct DailyShape: Sendable {
    /// What a day takes; nil is as busy as noon always.
    let daySeconds: Double?

    /// - Parameter seconds: since midnight of the first day.
    func load(atSeconds seconds: Double) -> Double {
        guard let daySeconds else { return 1 }
        let hour = seconds.truncatingRemainder(dividingBy: daySeconds) / daySeconds * 24
        return 0.15 + 0.6 * Self.hump(hour, around: 12.5, width: 3) + 0.85 * Self.hump(hour, around: 20, width: 2.5)
    }

    private static func hump(_ hour: Double, around peak: Double, width: Double) -> Double {
        let distance = min(abs(hour - peak), 24 - abs(hour - peak))
        return exp(-distance * distance / (2 * width * width))
    }
}

/// Random numbers that a seed decides (SplitMix64).
struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

import Foundation

/// A repeatable source of randomness (SplitMix64). A failing test prints the seed that repeats it.
package struct SeededGenerator: RandomNumberGenerator {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// A fresh seed, printed, unless OBS_SEED names one.
    package static func announced() -> SeededGenerator {
        let named = ProcessInfo.processInfo.environment["OBS_SEED"].flatMap { UInt64($0) }
        let seed = named ?? UInt64.random(in: .min ... .max)
        print("seed: OBS_SEED=\(seed)")
        return SeededGenerator(seed: seed)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

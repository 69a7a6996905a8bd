/// How many shards a receiver needs: what comes in and the backlog, times how long a sample takes.
struct ShardTarget {
    /// Shares of the last round in the averages.
    private static let weight = 0.2
    /// How much of the backlog is to go within a second.
    private static let catchUp = 0.05
    /// A change by less than this share is none.
    private static let tolerance = 0.3

    private let range: ClosedRange<Int>
    private var secondsPerSample = 0.0
    private var samplesInPerSecond = 0.0
    private var positionsPerSample = 0.0

    init(_ range: ClosedRange<Int>) { self.range = range }

    /// What a round came to.
    struct Round {
        var samples: Int
        /// Of all shards together, from handing a request over to its answer.
        var sendingSeconds: Double
        /// From the round before to the end of this one.
        var seconds: Double
        /// How much of the feed it took, and how much it gained meanwhile.
        var positions: UInt64
        var positionsGained: UInt64
    }

    mutating func note(_ round: Round) {
        guard round.samples > 0, round.seconds > 0 else { return }
        let samples = Double(round.samples)
        Self.add(round.sendingSeconds / samples, to: &secondsPerSample)
        Self.add(Double(round.positions) / samples, to: &positionsPerSample)
        guard positionsPerSample > 0 else { return }
        Self.add(Double(round.positionsGained) / positionsPerSample / round.seconds, to: &samplesInPerSecond)
    }

    private static func add(_ value: Double, to average: inout Double) {
        average = average == 0 ? value : average + weight * (value - average)
    }

    /// - Parameter backlog: of the feed, in its positions.
    func shards(now: Int, backlog: UInt64) -> (shards: Int, desired: Double) {
        guard positionsPerSample > 0 else { return (now, Double(now)) }
        let waiting = Double(backlog) / positionsPerSample
        let desired = secondsPerSample * (samplesInPerSecond + Self.catchUp * waiting)
        let tolerated = Double(now) * (1 - Self.tolerance)...Double(now) * (1 + Self.tolerance)
        if tolerated.contains(desired) { return (now, desired) }
        let wanted = Int(min(desired.rounded(.up), Double(range.upperBound)))
        return (max(range.lowerBound, wanted), desired)
    }
}

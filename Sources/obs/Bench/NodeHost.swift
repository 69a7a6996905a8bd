import Encoding

/// Seeded randomness (SplitMix64): one seed gives one data set, on any machine.
struct BenchRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// From 0 to below 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// One server of the data set: the series of `NodeMetrics` with values that move, as a body of remote_write that is
/// patched for each scrape.
struct NodeHost {
    private struct Moving {
        var motion: NodeMetrics.Motion
        var value: Double
        /// Where the sample's value lies in the body; the timestamp is nine bytes behind.
        var place: Int
    }

    /// `prometheus.WriteRequest` with one sample for each series, of the last scrape.
    private(set) var body: [UInt8] = []
    private var series: [Moving] = []
    private var random: BenchRandom
    private let intervalSeconds: Double

    /// How many samples a scrape has.
    var count: Int { series.count }

    init(number: Int, seed: UInt64, intervalSeconds: Double) {
        self.intervalSeconds = intervalSeconds
        random = BenchRandom(seed: seed &+ UInt64(number) &* 0x5851_f42d_4c95_7f2d)
        let target = [("instance", "node-\(number):9100"), ("job", "node")]
        for entry in NodeMetrics.all {
            let labels = (entry.labels + target.map { (name: $0.0, value: $0.1) }).sorted { $0.name < $1.name }
            append(labels)
            series.append(Moving(motion: entry.motion, value: 0, place: body.count - 15))
            series[series.count - 1].value = Self.start(entry.motion, &random)
        }
    }

    /// A message of a series: its labels, and a sample whose value and timestamp have fixed places.
    private mutating func append(_ labels: [(name: String, value: String)]) {
        var message: [UInt8] = []
        for label in labels {
            let (name, value) = (Array(label.name.utf8), Array(label.value.utf8))
            var pair: [UInt8] = [0x0a]
            pair.appendVarint(UInt64(name.count))
            pair += name
            pair.append(0x12)
            pair.appendVarint(UInt64(value.count))
            pair += value
            message.append(0x0a)
            message.appendVarint(UInt64(pair.count))
            message += pair
        }
        // Timestamps of our time take six bytes as a varint.
        message += [0x12, 16, 0x09] + [UInt8](repeating: 0, count: 8) + [0x10] + [UInt8](repeating: 0x80, count: 6)
        body.append(0x0a)
        body.appendVarint(UInt64(message.count))
        body += message
    }

    /// Makes the body that of the scrape at `timestampMs`.
    mutating func scrape(at timestampMs: Int64) {
        var time = [UInt8]()
        time.appendVarint(UInt64(timestampMs))
        precondition(time.count == 6, "BUG: \(timestampMs) ms is not of our time")
        for index in series.indices {
            move(index)
            let place = series[index].place
            body.replaceLittleEndian(at: place, with: series[index].value.bitPattern)
            for offset in 0..<6 { body[place + 9 + offset] = time[offset] }
        }
    }

    private static func start(_ motion: NodeMetrics.Motion, _ random: inout BenchRandom) -> Double {
        switch motion {
        case .constant(let value): value
        case .rare: 0
        case .events(let rate), .bytes(let rate): (rate * 86_400 * random.unit() * 30).rounded()
        case .seconds(let share): (share * 86_400 * 30 * random.unit() * 100).rounded() / 100
        case .pages(let limit): (limit * random.unit() / 4096).rounded() * 4096
        case .walk(let middle, _): middle
        }
    }

    private mutating func move(_ index: Int) {
        let value = series[index].value
        switch series[index].motion {
        case .constant: return
        case .rare(let limit):
            if random.unit() < 0.02 { series[index].value = (random.unit() * limit).rounded() }
        case .events(let rate):
            let burst = random.unit() < 0.05 ? 8.0 : 1.0
            series[index].value = value + (rate * intervalSeconds * burst * (0.6 + 0.8 * random.unit())).rounded()
        case .bytes(let rate):
            let burst = random.unit() < 0.1 ? 20.0 : 1.0
            series[index].value = value + (rate * intervalSeconds * burst * random.unit()).rounded()
        case .seconds(let share):
            let step = share * intervalSeconds * (0.8 + 0.4 * random.unit())
            series[index].value = ((value + step) * 100).rounded() / 100
        case .pages(let limit):
            guard random.unit() < 0.7 else { return }
            let next = value + limit * 0.002 * (random.unit() - 0.5)
            series[index].value = max(0, min(limit, (next / 4096).rounded() * 4096))
        case .walk(let middle, let decimals):
            let power = Self.powers[decimals]
            let next = value + (middle - value) * 0.05 + middle * 0.1 * (random.unit() - 0.5)
            series[index].value = (next * power).rounded() / power
        }
    }

    /// Of ten, by the number of decimals.
    private static let powers = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
}

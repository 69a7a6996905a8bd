import Encoding
import Model
import Storage
import TSDB
import TestSupport

/// Targets of a thousand series each that are scraped every 15 s of their own time: a third counters, a third gauges,
/// a third constant. Series can leave and make place for new ones.
struct Fleet {
    static let seriesPerTarget = 1000

    private let targets: Int
    private var random = SeededGenerator(seed: 20_261_120)
    private var batch = SampleBatch()
    /// How often each series was replaced by a new one.
    private var lives: [UInt32]
    private var values: [Double]
    private var step = 0
    private(set) var samples = 0
    private(set) var series: Int

    init(series count: Int) {
        targets = count / Self.seriesPerTarget
        series = targets * Self.seriesPerTarget
        lives = [UInt32](repeating: 0, count: series)
        values = [Double](repeating: 0, count: lives.count)
    }

    /// Scrapes every target once.
    ///
    /// - Parameter replacing: the share of the series that leave for new ones before.
    mutating func scrape(into store: TimeSeriesStore, replacing share: Double = 0) throws {
        let replaced = Int(share * Double(lives.count))
        let first = lives.isEmpty ? 0 : step * replaced % lives.count
        for offset in 0..<replaced { lives[(first + offset) % lives.count] += 1 }
        series += replaced
        for target in 0..<targets { try scrape(target, into: store) }
        step += 1
    }

    private mutating func scrape(_ target: Int, into store: TimeSeriesStore) throws {
        batch.removeAll()
        let timeMs = 1_790_000_000_000 + Int64(step * 15_000 + target % 14_000)
        for place in 0..<Self.seriesPerTarget {
            let number = target * Self.seriesPerTarget + place
            batch.timestampsMs.append(timeMs)
            batch.values.append(nextValue(number))
            batch.series.append(
                SampleBatch.Series(
                    key: key(number), reference: .unresolved, labels: 0..<0, samples: place..<place + 1,
                    histograms: 0..<0))
        }
        store.resolve(&batch)
        for place in batch.series.indices where batch.series[place].reference == .unresolved {
            let start = batch.labelBytes.count
            batch.labelBytes += labels(target, place).bytes
            batch.series[place].labels = start..<batch.labelBytes.count
        }
        let outcome = try store.append(&batch)
        precondition(outcome.acceptedSamples == Self.seriesPerTarget, "\(outcome)")
        samples += outcome.acceptedSamples
    }

    private mutating func nextValue(_ number: Int) -> Double {
        switch number % 3 {
        case 0: values[number] += Double(Int.random(in: 0...2000, using: &random))
        case 1: values[number] = Double(Int.random(in: 40_000...60_000, using: &random)) / 100
        default: values[number] = Double(number % 7)
        }
        return values[number]
    }

    private func key(_ number: Int) -> SampleBatch.Key {
        let bits = UInt64(number) << 32 | UInt64(lives[number])
        let mixed = (bits &+ 1) &* 0x9e37_79b9_7f4a_7c15
        return SampleBatch.Key(low: mixed ^ mixed >> 31, high: (mixed ^ mixed >> 27) &* 0xd6e8_feb8_6659_fd93)
    }

    func labels(_ target: Int, _ place: Int) -> Labels {
        Labels([
            (Labels.metricName, "bench_metric_\(place % 500)_total"), ("instance", "host-\(target):9100"),
            ("job", "node"), ("env", "production"), ("zone", "z\(target % 3)"), ("cluster", "c\(target % 7)"),
            ("device", "dev\(place / 500)"), ("mode", "m\(place % 11)"),
            ("generation", "\(lives[target * Self.seriesPerTarget + place])"),
        ])
    }
}

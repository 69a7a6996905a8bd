import Journal
package import Model
import Posix
package import Storage
package import TSDB
package import TestSupport

/// A store in a directory of its own, without threads, so that tests say when it flushes and merges.
package final class StoreRig {
    package let directory = TemporaryDirectory()
    package let time = ManualTime()
    package var options: StoreOptions
    package private(set) var store: TimeSeriesStore

    package init(_ change: (inout StoreOptions) -> Void = { _ in }) throws {
        var options = StoreOptions()
        options.hasBackgroundThreads = false
        options.sync = .onRequest
        options.shards = 3
        options.freeBytesMin = 0
        change(&options)
        self.options = options
        store = try TimeSeriesStore(directory: directory.file("data"), options: options, time: time)
    }

    deinit { store.abandon() }

    package func reopen(crashing: Bool = false) throws {
        if crashing { store.abandon() } else { try store.close() }
        store = try TimeSeriesStore(directory: directory.file("data"), options: options, time: time)
    }

    @discardableResult
    package func append(_ labels: Labels, _ samples: [(Int64, Double)]) throws -> AppendOutcome {
        var batch = SampleBatch()
        batch.append(labels, samples.map { (timestampMs: $0.0, value: $0.1) })
        return try store.append(&batch)
    }

    /// All samples in a range, by labels.
    package func read(
        _ matchers: [Matcher] = [], _ range: ClosedRange<Int64> = .min ... .max
    ) throws -> [Labels: [Int64: UInt64]] {
        let request = SelectRequest(matchers: matchers, startMs: range.lowerBound, endMs: range.upperBound)
        let selection = try store.select(request)
        var labels = LabelBlock()
        try selection.labels(0..<selection.count, into: &labels)
        var block = SeriesBlock()
        try selection.read(0..<selection.count, into: &block)
        var answer: [Labels: [Int64: UInt64]] = [:]
        for index in 0..<selection.count {
            let floats = block.floats[index]
            guard floats.count > 0 else { continue }
            var samples: [Int64: UInt64] = [:]
            for place in 0..<floats.count {
                samples[block.timestampsMs[floats.timestampStart + place]] =
                    block.values[floats.valueStart + place].bitPattern
            }
            precondition(samples.count == floats.count, "a timestamp comes twice")
            answer[labels.labels(index)] = samples
        }
        return answer
    }
}

extension StoreRig {
    /// Moves the clock.
    package func move(toMs timeMs: Int64) { time.advance(bySeconds: Double(timeMs - time.wallMs) / 1000) }

    /// All histograms in a range, by labels.
    package func readHistograms(
        _ matchers: [Matcher], _ range: ClosedRange<Int64>
    ) throws -> [Labels: [Int64: NativeHistogram]] {
        let request = SelectRequest(matchers: matchers, startMs: range.lowerBound, endMs: range.upperBound)
        let selection = try store.select(request)
        var labels = LabelBlock()
        try selection.labels(0..<selection.count, into: &labels)
        var block = SeriesBlock()
        try selection.read(0..<selection.count, into: &block)
        var answer: [Labels: [Int64: NativeHistogram]] = [:]
        for index in 0..<selection.count {
            for histogram in block.histograms[block.histogramOffsets[index]..<block.histogramOffsets[index + 1]] {
                answer[labels.labels(index), default: [:]][histogram.timestampMs] = histogram.value
            }
        }
        return answer
    }
}

/// The labels of a series.
package func series(_ name: String, _ pairs: (String, String)...) -> Labels {
    Labels([(Labels.metricName, name)] + pairs.map { (name: $0.0, value: $0.1) })
}

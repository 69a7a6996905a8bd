import Encoding
import Model
package import Storage

/// Writes series as lines of Prometheus' text format: labels, value and milliseconds.
///
/// What that format has no form for is left out: native histograms, and stale markers, which would come back as values.
package struct TextLineWriter: Sendable {
    package var bytes: [UInt8] = []
    private var series: [UInt8] = []

    package init() {}

    /// Appends the samples of one series of a block.
    ///
    /// - Parameter labels: its canonical labels.
    package mutating func append(_ labels: Span<UInt8>, _ block: borrowing SeriesBlock, _ index: Int) {
        series.removeAll(keepingCapacity: true)
        Labels.append(textOf: labels, to: &series)
        series.append(UInt8(ascii: " "))
        let run = block.floats[index]
        let values = block.values.span
        let times = block.timestampsMs.span
        for place in 0..<run.count {
            let value = values[run.valueStart + place]
            if StaleMarker.isStale(value) { continue }
            bytes += series
            FloatText.append(sample: value, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            JSONText.append(number: Int(times[run.timestampStart + place]), to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}

import Encoding
import Model
package import Storage

/// Writes series as JSON lines, in the form that VictoriaMetrics documents with members of our own beside it where that
/// form would lose something; Ingest.docc/Lines.md has them all.
///
/// The caller takes what is in `bytes` and clears it at any time between two series.
package struct JSONLineWriter: Sendable {
    /// What a line holds at most; a longer series takes several lines.
    package static let samplesMax = 10_000
    package static let histogramsMax = 500

    package var bytes: [UInt8] = []
    private var metric: [UInt8] = []
    /// The text of a run of timestamps, which series of one scrape share.
    private var times: [UInt8] = []
    private var timesRun: (start: Int, count: Int)?

    package init() {}

    /// To be called where a block was read anew: its runs are others.
    package mutating func beginBlock() { timesRun = nil }

    /// Appends the lines of one series of a block.
    ///
    /// - Parameter labels: its canonical labels.
    package mutating func append(_ labels: Span<UInt8>, _ block: borrowing SeriesBlock, _ index: Int) {
        writeMetric(labels)
        let run = block.floats[index]
        var done = 0
        while done < run.count {
            let count = min(run.count - done, Self.samplesMax)
            appendLine(block, run, done..<done + count)
            done += count
        }
        var histograms = block.histogramOffsets[index]..<block.histogramOffsets[index + 1]
        while !histograms.isEmpty {
            appendLine(block.histograms[histograms.prefix(Self.histogramsMax)])
            histograms = histograms.dropFirst(Self.histogramsMax)
        }
    }

    private mutating func writeMetric(_ labels: Span<UInt8>) {
        metric.removeAll(keepingCapacity: true)
        metric += "{\"metric\":{".utf8
        var cursor = LabelCursor()
        var isFirst = true
        while cursor.advance(in: labels) {
            if !isFirst { metric.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONText.append(string: labels.extracting(cursor.name), to: &metric)
            metric.append(UInt8(ascii: ":"))
            JSONText.append(string: labels.extracting(cursor.value), to: &metric)
        }
        metric += "},".utf8
    }

    // MARK: samples

    private mutating func appendLine(_ block: borrowing SeriesBlock, _ run: SeriesBlock.Floats, _ part: Range<Int>) {
        bytes += metric
        let first = run.valueStart + part.lowerBound
        let hasOddNaN = appendValues(block.values.span.extracting(first..<first + part.count))
        appendTimes(block, run.timestampStart + part.lowerBound, part.count)
        if hasOddNaN { appendNaNs(block.values.span.extracting(first..<first + part.count)) }
        if !block.startTimestampsMs.isEmpty {
            appendStarts(block.startTimestampsMs.span.extracting(first..<first + part.count))
        }
        bytes += "}\n".utf8
    }

    /// - Returns: whether there is a NaN that `null` does not stand for.
    private mutating func appendValues(_ values: Span<Double>) -> Bool {
        var hasOddNaN = false
        bytes += "\"values\":[".utf8
        for index in values.indices {
            let value = values[index]
            if value.isFinite {
                FloatText.append(sample: value, to: &bytes)
            } else if value.isNaN {
                bytes += "null".utf8
                if value.bitPattern != JSONLines.nullBits { hasOddNaN = true }
            } else {
                bytes += (value > 0 ? "\"Infinity\"" : "\"-Infinity\"").utf8
            }
            bytes.append(UInt8(ascii: ","))
        }
        closeList()
        return hasOddNaN
    }

    private mutating func appendTimes(_ block: borrowing SeriesBlock, _ start: Int, _ count: Int) {
        if timesRun?.start != start || timesRun?.count != count {
            times.removeAll(keepingCapacity: true)
            for index in start..<start + count {
                JSONText.append(number: Int(block.timestampsMs[index]), to: &times)
                times.append(UInt8(ascii: ","))
            }
            timesRun = (start, count)
        }
        bytes += ",\"timestamps\":[".utf8
        bytes += times
        closeList()
    }

    private mutating func appendNaNs(_ values: Span<Double>) {
        bytes += ",\"nans\":[".utf8
        for index in values.indices where values[index].isNaN && values[index].bitPattern != JSONLines.nullBits {
            bytes.append(UInt8(ascii: "["))
            JSONText.append(number: index, to: &bytes)
            bytes += ",\"\(JSONLines.hexadecimal(values[index]))\"],".utf8
        }
        closeList()
    }

    private mutating func appendStarts(_ starts: Span<Int64>) {
        var isTold = false
        for index in starts.indices where starts[index] != 0 { isTold = true }
        guard isTold else { return }
        bytes += ",\"starts\":[".utf8
        for index in starts.indices {
            JSONText.append(number: Int(starts[index]), to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        closeList()
    }

    /// Puts the bracket in place of the last comma.
    private mutating func closeList() {
        if bytes.last == UInt8(ascii: ",") { bytes.removeLast() }
        bytes.append(UInt8(ascii: "]"))
    }

    // MARK: histograms

    private mutating func appendLine(_ histograms: ArraySlice<SampleBatch.Histogram>) {
        var json = JSONWriter(into: bytes + metric)
        bytes = []
        json.name("histograms")
        json.beginArray()
        for histogram in histograms { HistogramJSON.write(histogram, to: &json) }
        json.endArray()
        bytes = json.bytes
        bytes += "}\n".utf8
    }
}

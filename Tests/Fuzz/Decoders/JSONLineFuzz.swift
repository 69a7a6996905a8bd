import Encoding
import Ingest
import Model
import Storage

extension FuzzedDecoder {
    /// A line that is taken comes back bit by bit when it is written and read again; one that is refused leaves the batch
    /// as it was.
    static let jsonLine = FuzzedDecoder("json-line") { bytes in
        guard let (batch, labels) = Self.read(bytes) else { return }
        var block = SeriesBlock()
        block.timestampsMs = batch.timestampsMs
        block.values = batch.values
        block.startTimestampsMs = batch.startTimestampsMs
        block.floats = [SeriesBlock.Floats(timestampStart: 0, valueStart: 0, count: batch.values.count)]
        block.histograms = batch.histograms
        block.histogramOffsets = [0, batch.histograms.count]
        var writer = JSONLineWriter()
        writer.beginBlock()
        writer.append(labels.span, block, 0)
        var values: [UInt64] = []
        var times: [Int64] = []
        var histograms = 0
        for line in writer.bytes.split(separator: UInt8(ascii: "\n")) {
            guard let (again, sameLabels) = Self.read(Array(line).span) else {
                fatalError("a written line is refused")
            }
            check(sameLabels == labels, "the labels do not come back")
            values += again.values.map(\.bitPattern)
            times += again.timestampsMs
            histograms += again.histograms.count
        }
        check(values == batch.values.map(\.bitPattern), "the values do not come back")
        check(times == batch.timestampsMs, "the timestamps do not come back")
        check(histograms == batch.histograms.count, "the histograms do not come back")
    }

    /// Nil where the line or its labels are refused.
    private static func read(_ line: Span<UInt8>) -> (SampleBatch, labels: [UInt8])? {
        var batch = SampleBatch()
        var reader = JSONLineReader(seed: Hash128(low: 1, high: 2))
        let metric: Range<Int>
        do throws(LineFlaw) {
            metric = try reader.read(line, into: &batch)
        } catch {
            let isEmpty = batch.series.isEmpty && batch.values.isEmpty && batch.timestampsMs.isEmpty
            check(isEmpty && batch.histograms.isEmpty, "a refused line leaves something behind")
            return nil
        }
        check(batch.series.count == 1 && batch.values.count == batch.timestampsMs.count, "a column is too short")
        let starts = batch.startTimestampsMs.count
        check(starts == 0 || starts == batch.values.count, "the column of starts is too short")
        var labels: [UInt8] = []
        do throws(LabelFlaw) {
            _ = try reader.writeLabels(line.extracting(metric), into: &labels)
        } catch {
            check(labels.isEmpty, "flawed labels leave something behind")
            return nil
        }
        return (batch, labels)
    }
}

import Encoding
import Ingest
import Model

extension FuzzedDecoder {
    /// A line that is taken has one sample, and labels or a reason why they are none.
    static let textLine = FuzzedDecoder("text-line", bytesMax: 512) { bytes in
        var batch = SampleBatch()
        var reader = TextLineReader(seed: Hash128(low: 1, high: 2))
        do throws(LineFlaw) {
            let hasSample = try reader.read(bytes, into: &batch)
            check(batch.series.count == (hasSample ? 1 : 0), "a comment has a sample, or a sample none")
            guard hasSample else { return }
        } catch {
            check(batch.series.isEmpty && batch.values.isEmpty, "a refused line leaves something behind")
            return
        }
        var labels: [UInt8] = []
        do throws(LabelFlaw) {
            let range = try reader.writeLabels(bytes, into: &labels)
            check(range == 0..<labels.count && !labels.isEmpty, "the labels lie elsewhere")
        } catch {
            check(labels.isEmpty, "flawed labels leave something behind")
        }
    }
}

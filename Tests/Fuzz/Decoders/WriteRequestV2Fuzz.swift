import Encoding
import Ingest
import Model

extension FuzzedDecoder {
    /// Columns stay as long as each other, whatever is left out.
    static let writeRequestV2 = FuzzedDecoder("write-request-v2") { bytes in
        var decoder = WriteRequestV2Decoder(seed: Hash128(low: 1, high: 2))
        var batch = SampleBatch()
        do throws(DecodeError) {
            try decoder.decode(bytes, into: &batch)
        } catch {
            return
        }
        check(
            batch.values.count == batch.timestampsMs.count && batch.values.count == batch.startTimestampsMs.count,
            "columns differ")
        for series in batch.series {
            check(
                series.samples.upperBound <= batch.values.count
                    && series.histograms.upperBound <= batch.histograms.count
                    && !series.labels.isEmpty, "a series lies outside")
        }
        check(batch.exemplars.allSatisfy { $0.series < batch.series.count }, "an exemplar has no series")
    }
}

import Ingest

extension FuzzedDecoder {
    /// What the strict check takes, the scraper's reader takes too.
    static let openMetrics = FuzzedDecoder("openmetrics") { bytes in
        readPage(bytes, isOpenMetrics: true)
        guard OpenMetricsCheck.fault(in: bytes) == nil else { return }
        var reader = ExpositionReader(bytes, isOpenMetrics: true)
        do throws(ExpositionError) {
            while try reader.next() != nil {}
        } catch {
            check(false, "the reader refuses what the check takes: \(error)")
        }
    }
}

import Encoding
import Ingest
import Model

extension FuzzedDecoder {
    /// A page that is read holds series that read back alone, with labels in order.
    static let expositionText = FuzzedDecoder("exposition-text") { bytes in readPage(bytes, isOpenMetrics: false) }

    static func readPage(_ bytes: Span<UInt8>, isOpenMetrics: Bool) {
        var reader = ExpositionReader(bytes, isOpenMetrics: isOpenMetrics)
        var before = 0
        do throws(ExpositionError) {
            while let item = try reader.next() {
                check(reader.position > before || reader.sawEnd, "the reader does not move")
                before = reader.position
                guard item == .series else { continue }
                check(reader.series.upperBound <= bytes.count && !reader.name.isEmpty, "a series lies outside")
                var builder = LabelsBuilder()
                reader.write(into: &builder)
                var labels: [UInt8] = []
                _ = builder.write(into: &labels)
                var cursor = LabelCursor()
                while cursor.advance(in: labels.span) {}
            }
        } catch {
            check(error.line > 0 && !error.reason.isEmpty, "a refusal says nothing")
        }
    }
}

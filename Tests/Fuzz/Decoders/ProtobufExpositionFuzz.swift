import Ingest
import Model

extension FuzzedDecoder {
    /// Series of messages are written so that the text reader takes them.
    static let protobufExposition = FuzzedDecoder("protobuf-exposition") { bytes in
        var page = ExpositionPage()
        var decoder = ProtobufExposition(.init(native: true, alwaysClassic: true))
        do throws(ExpositionError) {
            try decoder.read(bytes, into: &page)
        } catch {
            check(error.line > 0, "a refusal says nothing")
        }
        for row in page.rows {
            var line = Array(page.text[row.series])
            line += " 0\n".utf8
            var reader = ExpositionReader(line.span, isOpenMetrics: false)
            do throws(ExpositionError) {
                check(try reader.next() == .series, "a series does not read back")
                var builder = LabelsBuilder()
                reader.write(into: &builder)
            } catch {
                check(false, "a series does not read back: \(error)")
            }
            guard row.histogram >= 0 else { continue }
            _ = page.histograms[row.histogram].coarsened(to: 0)
        }
    }
}

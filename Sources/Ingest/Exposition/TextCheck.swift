import Encoding
import Model

/// What a page in Prometheus' text format has to keep beyond what a scraper minds: metadata once and before the samples,
/// no sample twice.
package struct TextCheck {
    private struct Family {
        var hasHelp = false
        var hasType = false
        var hasSamples = false
    }

    private var families: [String: Family] = [:]
    private var seen: Set<Labels> = []
    private var builder = LabelsBuilder()

    private init() {}

    /// The first thing that is wrong; nil for a good page.
    package static func fault(in page: Span<UInt8>) -> ExpositionError? {
        var check = TextCheck()
        var reader = ExpositionReader(page, isOpenMetrics: false)
        do throws(ExpositionError) {
            while let entry = try reader.next() {
                if let fault = check.take(entry, reader) { return reader.error(fault) }
            }
            return nil
        } catch {
            return error
        }
    }

    private mutating func take(_ entry: ExpositionReader.Item, _ reader: borrowing ExpositionReader) -> String? {
        guard entry != .comment else { return nil }
        let name = reader.metricName
        switch entry {
        case .help:
            if families[name]?.hasHelp == true { return "\(name) has more than one HELP" }
            families[name, default: Family()].hasHelp = true
        case .type:
            if families[name]?.hasType == true { return "\(name) has more than one TYPE" }
            if families[name]?.hasSamples == true { return "the TYPE of \(name) stands behind its samples" }
            families[name, default: Family()].hasType = true
        default: return takeSeries(name, reader)
        }
        return nil
    }

    private mutating func takeSeries(_ name: String, _ reader: borrowing ExpositionReader) -> String? {
        families[name, default: Family()].hasSamples = true
        builder.removeAll()
        reader.write(into: &builder)
        var bytes: [UInt8] = []
        guard builder.write(into: &bytes) else { return "a label name occurs twice" }
        return seen.insert(Labels(canonical: bytes)).inserted ? nil : "the series comes twice"
    }
}

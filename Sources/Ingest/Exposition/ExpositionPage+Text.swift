import Encoding
import Model

extension ExpositionPage {
    /// Appends the entries of a page of text, for those who look at it as a whole.
    mutating func read(_ text: Span<UInt8>, isOpenMetrics: Bool) throws(ExpositionError) {
        var reader = ExpositionReader(text, isOpenMetrics: isOpenMetrics)
        var family = -1
        while let entry = try reader.next() {
            switch entry {
            case .series: append(reader, text, family)
            case .comment: break
            case .type, .help, .unit:
                reader.noteMetadata(entry, in: &metadata)
                if entry == .type { family = metadata.count - 1 }
            }
        }
    }

    private mutating func append(_ reader: borrowing ExpositionReader, _ text: Span<UInt8>, _ family: Int) {
        let start = self.text.count
        self.text.append(text.extracting(reader.series))
        let firstExemplar = exemplars.count
        if let exemplar = reader.exemplar, let labels = reader.exemplarLabels(exemplar) {
            exemplars.append(Exemplar(labels: labels, value: exemplar.value, timestampMs: exemplar.timestampMs))
        }
        rows.append(
            Row(
                series: start..<self.text.count, value: reader.value, timestampMs: reader.timestampMs,
                startTimestampMs: 0, histogram: -1, exemplars: firstExemplar..<exemplars.count, kind: reader.kind,
                family: family))
    }
}

import Model
import Storage

/// Whether labels may become a series.
struct LabelLimits {
    let labelsMax: Int
    let nameBytesMax: Int
    let valueBytesMax: Int

    /// Why not, or nil.
    func refusal(of labels: Span<UInt8>) -> AppendOutcome.Refusal? {
        var cursor = LabelCursor()
        var count = 0
        var named = false
        while cursor.advance(in: labels) {
            count += 1
            if cursor.name.count > nameBytesMax {
                return refuse(
                    .labelNameTooLong, labels,
                    "a label name of \(cursor.name.count) bytes is longer than label_name_length_limit (\(nameBytesMax))"
                )
            }
            if cursor.value.count > valueBytesMax {
                return refuse(
                    .labelValueTooLong, labels,
                    "the value of label \(Self.text(labels, cursor.name)) is \(cursor.value.count) bytes long, more than label_value_length_limit (\(valueBytesMax))"
                )
            }
            if Self.text(labels, cursor.name) == Labels.metricName { named = true }
        }
        if count > labelsMax {
            return refuse(.tooManyLabels, labels, "\(count) labels are more than label_limit (\(labelsMax))")
        }
        return named || count > 0 ? nil : refuse(.invalidLabels, labels, "the series has no label")
    }

    private func refuse(
        _ reason: AppendOutcome.Reason, _ labels: Span<UInt8>, _ what: String
    ) -> AppendOutcome.Refusal {
        AppendOutcome.Refusal(reason: reason, sentence: "\(Self.series(labels)): \(what)")
    }

    /// The series as text, as in an exposition, cut to what a log line can bear.
    static func series(_ labels: Span<UInt8>) -> String {
        let bytes = labels.indices.map { labels[$0] }
        let text = "\(Labels(canonical: bytes))"
        return text.utf8.count > 512 ? String(text.prefix(512)) + "..." : text
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: range.map { bytes[$0] }, as: UTF8.self)
    }
}

import Model
import Storage

/// Whether labels may become a series.
struct LabelLimits {
    let labelsMax: Int
    let nameBytesMax: Int
    let valueBytesMax: Int

    /// Why not, or nil.
    func refusal(of labels: Span<UInt8>) -> (reason: AppendOutcome.Reason, sentence: String)? {
        var cursor = LabelCursor()
        var count = 0
        while cursor.advance(in: labels) {
            count += 1
            if cursor.name.count > nameBytesMax {
                return (
                    .labelNameTooLong,
                    "a label name of \(cursor.name.count) bytes is longer than storage.label_name_length_limit (\(nameBytesMax))"
                )
            }
            if cursor.value.count > valueBytesMax {
                return (
                    .labelValueTooLong,
                    "the value of label \(Self.text(labels, cursor.name)) is \(cursor.value.count) bytes long, more than storage.label_value_length_limit (\(valueBytesMax))"
                )
            }
        }
        if count > labelsMax {
            return (.tooManyLabels, "\(count) labels are more than storage.label_limit (\(labelsMax))")
        }
        return count > 0 ? nil : (.invalidLabels, "the series has no label")
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: range.map { bytes[$0] }, as: UTF8.self)
    }
}

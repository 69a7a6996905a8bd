import Model
import PromQL
import Text

/// What `label_replace` does to a label: the whole of the source has to match.
struct LabelReplacementRule: Sendable {
    private let expression: RegularExpression
    private let template: ReplacementTemplate

    init(pattern: String, replacement: String) throws(RegularExpressionError) {
        expression = try RegularExpression(pattern)
        template = ReplacementTemplate(replacement, for: expression)
    }

    func apply(_ replacement: LabelReplacement, to rows: MetricRows) throws(QueryError) -> MetricRows {
        var changed = rows
        var captures = CaptureRanges()
        var seen: Set<Labels> = []
        for row in 0..<rows.count {
            let value = Array(rows.labels[row][replacement.source].utf8)
            if expression.captures(in: value.span, whole: true, into: &captures) {
                var text: [UInt8] = []
                template.expand(captures, in: value.span, into: &text)
                var builder = LabelsBuilder(rows.labels[row])
                builder.set(replacement.target, String(decoding: text, as: UTF8.self))
                changed.labels[row] = builder.labels()
            }
            if !seen.insert(changed.labels[row]).inserted {
                throw .execution("duplicate label set after label_replace: \(changed.labels[row])")
            }
        }
        return changed
    }
}

package import Encoding
import Text

/// `replace`: puts the text `with` in the place of what the groups of `expression` find in the line, or of the whole match
/// where it has no group.
package struct ReplaceStage: LogStage {
    package static let key = "replace"

    private let expression: RegularExpression?
    private let text: [UInt8]

    package init(_ section: YAMLSection) {
        expression = section.expression("expression")
        text = Array((section.string("with") ?? "").utf8)
        if section.value("expression") == nil { section.refuse("replace has no expression") }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        guard let expression else { return true }
        var ranges = CaptureRanges()
        var at = 0
        var result: [UInt8] = []
        var copied = 0
        while at <= entry.line.count, expression.captures(in: entry.line.span, from: at, into: &ranges),
            let whole = ranges[0]
        {
            let groups = expression.groupCount
            let found = groups == 0 ? [whole] : (1...groups).compactMap { ranges[$0] }
            for range in found where range.lowerBound >= copied {
                result += entry.line[copied..<range.lowerBound]
                result += text
                copied = range.upperBound
            }
            at = whole.isEmpty ? whole.upperBound + 1 : whole.upperBound
        }
        guard copied > 0 || !result.isEmpty else { return true }
        entry.line = result + entry.line[copied...]
        return true
    }
}

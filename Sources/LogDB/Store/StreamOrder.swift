import Model

/// In which order streams stand in a part. Streams of one program come together, for their lines are alike and are asked
/// for together: first by what names the program, then by all labels.
enum StreamOrder {
    private static let programLabels = ["service_name", "service", "app", "job", "container", "unit"].map {
        Array($0.utf8)
    }

    /// The streams in order, each with its index in `streams`.
    static func sorted(_ streams: [Labels]) -> [(labels: Labels, index: Int)] {
        streams.enumerated()
            .map { (program: program($1), labels: $1, index: $0) }
            .sorted { a, b in
                let order = LabelCursor.compare(
                    a.labels.bytes.span, a.program, b.labels.bytes.span, b.program)
                return order != 0 ? order < 0 : a.labels < b.labels
            }
            .map { ($0.labels, $0.index) }
    }

    /// Where in the labels that what names the program is.
    private static func program(_ labels: Labels) -> Range<Int> {
        for name in programLabels {
            if let range = labels.valueRange(of: name.span) { return range }
        }
        return 0..<0
    }
}

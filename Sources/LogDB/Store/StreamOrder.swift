import Model

/// In which order streams stand in a part. Streams of one program come together, for their lines are alike and are asked
/// for together: first by what names the program, then by the level, which most statements have one of, then by all labels.
enum StreamOrder {
    private static let programLabels = ["service_name", "service", "app", "job", "container", "unit"].map {
        Array($0.utf8)
    }

    private static let levelLabels = ["level", "detected_level", "severity"].map { Array($0.utf8) }

    /// The streams in order, each with its index in `streams`.
    static func sorted(_ streams: [Labels]) -> [(labels: Labels, index: Int)] {
        streams.enumerated()
            .map { (program: value($1, Self.programLabels), level: value($1, Self.levelLabels), labels: $1, index: $0) }
            .sorted { a, b in
                let (one, other) = (a.labels.bytes, b.labels.bytes)
                let program = LabelCursor.compare(one.span, a.program, other.span, b.program)
                if program != 0 { return program < 0 }
                let level = LabelCursor.compare(one.span, a.level, other.span, b.level)
                return level != 0 ? level < 0 : a.labels < b.labels
            }
            .map { ($0.labels, $0.index) }
    }

    /// Where in the labels the value of the first of the names is that they have.
    private static func value(_ labels: Labels, _ names: [[UInt8]]) -> Range<Int> {
        for name in names {
            if let range = labels.valueRange(of: name.span) { return range }
        }
        return 0..<0
    }
}

import Encoding

/// `| decolorize`: the line without what tells a terminal its colours.
struct DecolorizeStage: Stage {
    static let keywords = ["decolorize"]

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        DecolorizeStage()
    }

    var text: String { "decolorize" }
    var read: [String]? { [] }
    var readsLine: Bool { true }

    func run(_ entry: PipelineEntry) -> Bool {
        guard entry.line.span.offset(of: 0x1b) != nil else { return true }
        entry.value.removeAll(keepingCapacity: true)
        var at = 0
        while at < entry.line.count {
            if let end = Self.sequenceEnd(entry.line, at) {
                at = end
            } else {
                entry.value.append(entry.line[at])
                at += 1
            }
        }
        swap(&entry.line, &entry.value)
        return true
    }

    /// Behind a control sequence (`ESC [ ... letter`) that begins at a place; nil where none does.
    private static func sequenceEnd(_ line: [UInt8], _ start: Int) -> Int? {
        guard line[start] == 0x1b, start + 1 < line.count, line[start + 1] == UInt8(ascii: "[") else { return nil }
        var end = start + 2
        while end < line.count, 0x20...0x3f ~= line[end] { end += 1 }
        guard end < line.count, 0x40...0x7e ~= line[end] else { return nil }
        return end + 1
    }
}

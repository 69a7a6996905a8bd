import Text

extension TimeAxis {
    /// The axis with its marks and the line of texts below it.
    func lines(columns: Int) -> (axis: String, texts: String) {
        var axis = Array(repeating: Character("─"), count: columns)
        var texts = Array(repeating: Character(" "), count: columns)
        var free = 0
        for mark in marksMs {
            let place = place(mark, width: columns)
            axis[place] = "┬"
            let text = Array(text(mark))
            let start = min(max(0, place - text.count / 2), columns - text.count)
            guard start >= free, start + text.count <= columns else { continue }
            texts.replaceSubrange(start..<start + text.count, with: text)
            free = start + text.count + 1
        }
        return (String(axis), String(texts).trimmingBlanksAtEnd)
    }
}

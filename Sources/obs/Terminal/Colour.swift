/// The colours that tell series apart: the terminal's own, which its owner has chosen to be readable.
enum Colour: Int, CaseIterable, Sendable {
    case cyan = 36
    case yellow = 33
    case magenta = 35
    case green = 32
    case blue = 34
    case red = 31

    /// Of series `index` of a graph.
    init(series index: Int) {
        self = Self.allCases[index % Self.allCases.count]
    }
}

extension Console {
    /// The text in a colour where colour is wanted.
    func coloured(_ text: String, _ colour: Colour) -> String {
        style.hasColour ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// The text less bright where colour is wanted.
    func faint(_ text: String) -> String { style.hasColour ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
}

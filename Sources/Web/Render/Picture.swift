import Encoding

/// A picture as the shapes that it is made of, from the back to the front.
struct Picture {
    enum Anchor: Double {
        case start = 0
        case middle = 0.5
        case end = 1
    }

    /// Colours are 0xRRGGBBAA.
    enum Shape {
        case rectangle(x: Double, y: Double, width: Double, height: Double, colour: UInt32)
        /// Pairs of x and y.
        case line([Double], width: Double, colour: UInt32)
        case text(String, x: Double, y: Double, size: Double, isBold: Bool, anchor: Anchor, colour: UInt32)
    }

    let width: Int
    let height: Int
    private(set) var shapes: [Shape] = []

    init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
    }

    mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ colour: UInt32) {
        shapes.append(.rectangle(x: x, y: y, width: width, height: height, colour: colour))
    }

    mutating func line(_ points: [Double], width: Double = 1, _ colour: UInt32) {
        shapes.append(.line(points, width: width, colour: colour))
    }

    /// A text that takes no more than `room`; what is longer ends with dots.
    mutating func text(
        _ text: String, _ x: Double, _ y: Double, size: Double = 12, isBold: Bool = false, anchor: Anchor = .start,
        room: Double = .infinity, _ colour: UInt32
    ) {
        let wide = Self.letterShare * size
        let fits = room.isFinite ? max(1, Int(room / wide)) : Int.max
        let shown = text.count > fits ? String(text.prefix(fits - 1)) + "…" : text
        shapes.append(.text(shown, x: x, y: y, size: size, isBold: isBold, anchor: anchor, colour: colour))
    }

    /// How wide a letter is on average, in sizes of the letters.
    static let letterShare = 0.56

    /// The picture as a file of its own.
    func svg() -> [UInt8] {
        var text =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
            + "viewBox=\"0 0 \(width) \(height)\" font-family=\"sans-serif\">\n"
        for shape in shapes { Self.write(shape, to: &text) }
        text += "</svg>\n"
        return Array(text.utf8)
    }

    private static func write(_ shape: Shape, to text: inout String) {
        switch shape {
        case .rectangle(let x, let y, let width, let height, let colour):
            text += "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" "
            text += "height=\"\(number(height))\" \(paint("fill", colour))/>\n"
        case .line(let points, let width, let colour):
            text += "<polyline fill=\"none\" stroke-width=\"\(number(width))\" stroke-linejoin=\"round\" "
            text += "\(paint("stroke", colour)) points=\"\(points.map(number).joined(separator: " "))\"/>\n"
        case .text(let content, let x, let y, let size, let isBold, let anchor, let colour):
            text += "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(number(size))\" "
            text += "text-anchor=\"\(anchor)\" \(paint("fill", colour))\(isBold ? " font-weight=\"bold\"" : "")>"
            text += "\(escaped(content))</text>\n"
        }
    }

    private static func number(_ value: Double) -> String { FloatText.general(value, significant: 5) }

    private static func paint(_ what: String, _ colour: UInt32) -> String {
        // A digit in front keeps the zeros at the begin.
        let code = String(1 << 24 | colour >> 8, radix: 16).dropFirst()
        let share = Double(colour & 255) / 255
        return "\(what)=\"#\(code)\"" + (share < 1 ? " \(what)-opacity=\"\(number(share))\"" : "")
    }

    /// A text as XML holds it; what XML cannot hold is left out.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            default:
                let isAllowed = scalar.value >= 0x20 && scalar.value & 0xFFFE != 0xFFFE
                result.unicodeScalars.append(isAllowed ? scalar : " ")
            }
        }
        return result
    }
}

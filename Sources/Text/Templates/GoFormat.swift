import Encoding

/// Go's `fmt.Sprintf` and `fmt.Sprint` for the values of templates.
enum GoFormat {
    /// `fmt.Sprint`: blanks between values of which neither is a text.
    static func print(_ values: [TemplateValue]) -> String {
        var output = ""
        for (place, value) in values.enumerated() {
            if place > 0, !isString(value), !isString(values[place - 1]) { output += " " }
            output += value.inner
        }
        return output
    }

    private static func isString(_ value: TemplateValue) -> Bool { value.text != nil }

    /// `fmt.Sprintf`, its complaints in the output included.
    static func format(_ format: String, _ values: [TemplateValue]) -> String {
        var state = FormatState(format, values)
        return state.run()
    }
}

/// The flags and sizes of one verb.
struct FormatVerb {
    /// Widths and precisions beyond this are refused, as in Go.
    static let sizeMax = 1_000_000

    var plus = false
    var minus = false
    var sharp = false
    var space = false
    var zero = false
    var width: Int?
    var precision: Int?

    func padded(_ text: String, zeroPads: Bool = true) -> String {
        guard let width, text.unicodeScalars.count < width else { return text }
        let count = width - text.unicodeScalars.count
        if minus { return text + String(repeating: " ", count: count) }
        guard zero, zeroPads else { return String(repeating: " ", count: count) + text }
        let sign = text.first.flatMap { "+- ".contains($0) ? $0 : nil }
        return (sign.map { String($0) } ?? "") + String(repeating: "0", count: count)
            + text.dropFirst(sign == nil ? 0 : 1)
    }
}

private struct FormatState {
    private var rest: Substring.UnicodeScalarView
    private let values: [TemplateValue]
    private var next = 0
    private var reordered = false
    private var isGoodIndex = true
    private var output = ""

    init(_ format: String, _ values: [TemplateValue]) {
        rest = Substring(format).unicodeScalars
        self.values = values
    }

    mutating func run() -> String {
        while let scalar = rest.popFirst() {
            if scalar == "%" { verb() } else { output.unicodeScalars.append(scalar) }
        }
        if !reordered, next < values.count {
            let extra = values[next...].map { value in
                if case .nothing = value { return "<nil>" }
                return "\(value.typeName)=\(value.inner)"
            }
            output += "%!(EXTRA \(extra.joined(separator: ", ")))"
        }
        return output
    }

    private mutating func verb() {
        var verb = FormatVerb()
        flags(&verb)
        isGoodIndex = true
        var afterIndex = argumentIndex()
        if rest.first == "*" {
            rest.removeFirst()
            takeWidth(&verb)
            afterIndex = false
        } else if let width = number() {
            if width > FormatVerb.sizeMax { output += "%!(BADWIDTH)" } else { verb.width = width }
            if afterIndex { isGoodIndex = false }
        }
        if rest.first == "." {
            rest.removeFirst()
            if afterIndex { isGoodIndex = false }
            precision(&verb)
        }
        if !afterIndex { _ = argumentIndex() }
        guard let letter = rest.popFirst() else {
            output += "%!(NOVERB)"
            return
        }
        if letter == "%" { output += "%" } else { append(letter, verb) }
    }

    private mutating func append(_ letter: Unicode.Scalar, _ verb: FormatVerb) {
        if !isGoodIndex {
            output += "%!\(letter)(BADINDEX)"
        } else if next >= values.count {
            output += "%!\(letter)(MISSING)"
        } else {
            output += FormattedValue(verb: verb, letter: letter).text(values[next])
            next += 1
        }
    }

    private mutating func flags(_ verb: inout FormatVerb) {
        while let scalar = rest.first {
            switch scalar {
            case "+": verb.plus = true
            case "-": (verb.minus, verb.zero) = (true, false)
            case "#": verb.sharp = true
            case " ": verb.space = true
            case "0": verb.zero = !verb.minus
            default: return
            }
            rest.removeFirst()
        }
    }

    private mutating func takeWidth(_ verb: inout FormatVerb) {
        guard let width = intArgument() else {
            output += "%!(BADWIDTH)"
            return
        }
        verb.width = abs(width)
        if width < 0 { (verb.minus, verb.zero) = (true, false) }
    }

    private mutating func precision(_ verb: inout FormatVerb) {
        let afterIndex = argumentIndex()
        if rest.first == "*" {
            rest.removeFirst()
            guard let precision = intArgument() else {
                output += "%!(BADPREC)"
                return
            }
            verb.precision = precision < 0 ? nil : precision
            if precision < 0 { output += "%!(BADPREC)" }
            return
        }
        if afterIndex { isGoodIndex = false }
        let precision = number() ?? 0
        if precision > FormatVerb.sizeMax { output += "%!(BADPREC)" } else { verb.precision = precision }
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = rest.first, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            rest.removeFirst()
        }
        return digits.isEmpty ? nil : Int(digits) ?? FormatVerb.sizeMax + 1
    }

    private mutating func intArgument() -> Int? {
        guard next < values.count else { return nil }
        defer { next += 1 }
        guard case .int(let value) = values[next].plain, abs(value) <= FormatVerb.sizeMax else { return nil }
        return value
    }

    /// `[2]`: the next value is the second.
    private mutating func argumentIndex() -> Bool {
        guard rest.first == "[" else { return false }
        reordered = true
        let inside = rest.dropFirst().prefix { $0 != "]" }
        let tail = rest.dropFirst(inside.count + 1)
        guard tail.first == "]", let index = Int(String(inside)), index >= 1, index <= values.count else {
            isGoodIndex = false
            rest = tail.first == "]" ? tail.dropFirst() : rest.dropFirst()
            return tail.first == "]"
        }
        rest = tail.dropFirst()
        next = index - 1
        return true
    }
}

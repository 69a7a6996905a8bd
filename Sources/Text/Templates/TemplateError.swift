/// Why a template cannot be read or carried out, in the words of Go's text/template.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the text that the place belongs to.
    package let template: String
    package let place: TemplatePlace
    package let what: String

    package var description: String { "template: \(template):\(place.line):\(place.column): \(what)" }
}

/// A place in a template's text. Lines count from 1 and columns, in bytes, from 0, as Go has it.
package struct TemplatePlace: Hashable, Sendable {
    package let line: Int
    package let column: Int

    init(offset: Int, in text: [UInt8]) {
        let before = text[..<min(offset, text.count)]
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        column = offset - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
    }
}

/// Why a function of a template gave nothing; the place is known to whoever called it.
package struct TemplateFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A piece of a template's text.
struct TemplateToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// What stands outside of actions, trimmed.
        case text(String)
        case leftDelimiter, rightDelimiter
        /// A number or a character, as it was written.
        case number, character
        /// The text that a quoted string stands for.
        case string(String)
        /// `.name`; a lone `.` is `dot`.
        case field(String)
        case dot
        /// With its dollar.
        case variable(String)
        case identifier(String)
        case keyword(Keyword)
        case bool(Bool)
        case nilWord
        case leftParen, rightParen, pipe, assign, declare, comma
        case space
        case end
    }

    enum Keyword: String, Sendable {
        case `if`, `else`, end, range, with, `break`, `continue`, define, template, block
    }

    let kind: Kind
    let offset: Int
    /// As it was written.
    let source: String
}

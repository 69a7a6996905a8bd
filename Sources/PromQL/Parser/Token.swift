import Encoding

struct Token {
    enum Kind: Equatable {
        case end
        case identifier
        /// An identifier with a colon, which only a metric's name may have.
        case metricIdentifier
        case string
        case number
        case duration
        case leftParen, rightParen, leftBrace, rightBrace, leftBracket, rightBracket
        case comma, colon, at
        /// `=` alone: matches labels, compares nothing.
        case assign
        case matches
        case notMatches
        case binary(BinaryOperator)
        case aggregation(AggregationOperator)
        case keyword(Keyword)
    }

    var kind: Kind
    var text: String
    var position: PositionRange

    /// As errors name it.
    var described: String {
        switch kind {
        case .end: "end of input"
        case .identifier: "identifier \(Quoted.text(text))"
        case .metricIdentifier: "metric identifier \(Quoted.text(text))"
        case .string: "string \(shortened)"
        case .number: "number \(shortened)"
        case .duration: "duration \(shortened)"
        case .binary: "<op:\(text)>"
        case .aggregation: "<aggr:\(text)>"
        case .keyword(let keyword) where keyword.isModifier: "<\(text)>"
        case .matches, .notMatches, .at: "<op:\(text)>"
        default: shortened
        }
    }

    private var shortened: String {
        text.unicodeScalars.count > 10
            ? Quoted.text(String(String.UnicodeScalarView(text.unicodeScalars.prefix(10)))) + "..."
            : Quoted.text(text)
    }
}

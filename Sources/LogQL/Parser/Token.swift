/// A word or sign of a query, with where it stands.
struct Token: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case identifier
        /// The text that it stands for is in `text`.
        case string
        case number
        case duration
        case bytes
        /// `[5m]`; `text` is what stands between the brackets.
        case range
        /// `--strict`
        case flag
        /// A keyword or a sign, as it is written.
        case sign
        /// A character that means nothing here.
        case stray
        case end
    }

    var kind: Kind
    var text: String
    /// In bytes from the start of the query.
    var start: Int
    var end: Int
    /// Whether it is the name of a function with what belongs behind that; otherwise the name is one like any other.
    var isCall = false

    func isSign(_ sign: String) -> Bool { kind == .sign && text == sign }

    /// What Loki's messages call it.
    var name: String {
        switch kind {
        case .identifier: isCall ? text.uppercased() : "IDENTIFIER"
        case .stray: "IDENTIFIER"
        case .string: "STRING"
        case .number: "NUMBER"
        case .duration: "DURATION"
        case .bytes: "BYTES"
        case .range: "RANGE"
        case .flag: "FUNCTION_FLAG"
        case .sign: text
        case .end: "$end"
        }
    }
}

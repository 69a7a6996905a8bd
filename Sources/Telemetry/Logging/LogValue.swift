/// How much a line matters.
package enum LogLevel: Int, Sendable, CaseIterable, CustomStringConvertible {
    case debug, info, warning, error

    package init?(_ name: some StringProtocol) {
        guard let level = Self.allCases.first(where: { $0.description == name }) else { return nil }
        self = level
    }

    package var description: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }
}

/// The value of a field.
package enum LogValue: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    /// Shown in seconds.
    case nanoseconds(Int64)

    /// What went wrong, as the sentence that an error prints.
    package static func error(_ error: some Error) -> LogValue { .text(String(describing: error)) }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
}

/// Fields of a line in the order in which they were written: `["part": .text(name), "bytes": .integer(count)]`.
///
/// Names are in snake_case. The names that a line has by itself (`ts`, `level`, `component`, `message`, `suppressed`,
/// `truncated`) are not for fields.
package struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
    let pairs: [(name: StaticString, value: LogValue)]

    package init(dictionaryLiteral elements: (StaticString, LogValue)...) {
        pairs = elements.map { (name: $0.0, value: $0.1) }
    }

    init(_ pairs: [(name: StaticString, value: LogValue)]) {
        self.pairs = pairs
    }
}

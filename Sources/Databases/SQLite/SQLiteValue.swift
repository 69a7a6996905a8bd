/// A value that goes into a statement's parameter.
package enum SQLiteValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    package static func integer(_ value: Int) -> SQLiteValue { .integer(Int64(value)) }

    /// NULL for nil.
    package static func text(ifAny value: String?) -> SQLiteValue { value.map { .text($0) } ?? .null }
    package static func integer(ifAny value: Int64?) -> SQLiteValue { value.map { .integer($0) } ?? .null }
}

extension SQLiteValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(nilLiteral: ()) { self = .null }
}

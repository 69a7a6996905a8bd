import Encoding
package import Text

/// One condition of a selector on the value of one label. A label that is absent has the empty value.
package struct Matcher: Sendable {
    package enum Operation: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case matches = "=~"
        case notMatches = "!~"
    }

    package let name: String
    package let operation: Operation
    package let value: String
    /// True where the condition holds for a label that is absent.
    package let matchesEmpty: Bool
    /// Only for `=~` and `!~`. It has to match all of a label's value.
    package let pattern: AnchoredPattern?
    private let valueBytes: [UInt8]

    package init(_ name: String, equals value: String) {
        self.init(name, .equal, value, pattern: nil)
    }

    package init(_ name: String, notEquals value: String) {
        self.init(name, .notEqual, value, pattern: nil)
    }

    /// Fails only where a regular expression is invalid.
    package init(
        _ name: String, _ operation: Operation, _ value: String
    ) throws(RegularExpressionError) {
        switch operation {
        case .equal, .notEqual: self.init(name, operation, value, pattern: nil)
        case .matches, .notMatches: self.init(name, operation, value, pattern: try AnchoredPattern(value))
        }
    }

    private init(_ name: String, _ operation: Operation, _ value: String, pattern: AnchoredPattern?) {
        self.name = name
        self.operation = operation
        self.value = value
        self.pattern = pattern
        valueBytes = Array(value.utf8)
        matchesEmpty = Self.holds(operation, valueBytes, pattern, [UInt8]().span)
    }

    /// Whether the condition holds for a value of the label.
    package func matches(_ value: Span<UInt8>) -> Bool { Self.holds(operation, valueBytes, pattern, value) }

    /// True for `!=` and `!~`.
    package var isNegative: Bool { operation == .notEqual || operation == .notMatches }

    /// The only values that the condition without its negation can hold for, sorted; nil where they are not a list.
    package var literals: [String]? {
        guard let pattern else { return [value] }
        if case .literals(let texts) = pattern.shape { return texts }
        return nil
    }

    private static func holds(
        _ operation: Operation, _ bytes: [UInt8], _ pattern: AnchoredPattern?, _ value: Span<UInt8>
    ) -> Bool {
        switch operation {
        case .equal: equal(bytes, value)
        case .notEqual: !equal(bytes, value)
        case .matches: pattern?.matches(value) ?? false
        case .notMatches: !(pattern?.matches(value) ?? false)
        }
    }

    private static func equal(_ bytes: [UInt8], _ value: Span<UInt8>) -> Bool {
        guard bytes.count == value.count else { return false }
        for index in bytes.indices where bytes[index] != value[index] { return false }
        return true
    }
}

extension Matcher: Hashable {
    package static func == (a: Matcher, b: Matcher) -> Bool {
        a.operation == b.operation && a.valueBytes == b.valueBytes && a.name.utf8.elementsEqual(b.name.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(operation)
        hasher.combine(valueBytes)
    }
}

/// As in a selector: `job=~"api.*"`.
extension Matcher: CustomStringConvertible {
    package var description: String { name + operation.rawValue + Quoted.text(value) }
}

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

    package init(_ name: String, equals value: String) {
        self.name = name
        operation = .equal
        self.value = value
    }
}

import Encoding
package import Model
package import Posix
package import Text

/// Which log entries are wanted, and what of them. Every condition holds for each entry of the answer.
package struct LogSelectRequest: Sendable {
    package enum Order: Sendable {
        /// Whatever is cheapest.
        case any
        case newestFirst
        case oldestFirst
    }

    /// On the labels of the stream.
    package var matchers: [Matcher]
    /// First and last instant, both included.
    package var startNs: Int64
    package var endNs: Int64
    package var order = Order.any
    /// The first so many in `order`; nil for all.
    package var limit: Int?
    package var lineFilters: [LogLineFilter] = []
    package var fieldConditions: [LogFieldCondition] = []
    /// Fields whose values are to be told beside the entries.
    package var fields: [LogWantedField] = []
    /// Only lines of this format have the fields that are told, with `plain` none: metadata alone then. Nil for all.
    package var fieldFormat: LogFields.Format?
    /// Whether the format of each entry's line is to be told.
    package var wantsFormats = false
    /// Whether lines and metadata are wanted at all.
    package var wantsLines = true
    /// Whether metadata is wanted also where lines are not.
    package var wantsMetadata = false
    /// Whether names of fields are compared as labels have them (`FieldLabel`): `a_b` is also `a.b` and `a-b`. What makes
    /// no label (`FieldLabel.isValue`) is told as absent.
    package var namesAreLabels = false
    package var cancellation: Cancellation

    package init(
        matchers: [Matcher], startNs: Int64 = .min, endNs: Int64 = .max, cancellation: Cancellation = Cancellation()
    ) {
        self.matchers = matchers
        self.startNs = startNs
        self.endNs = endNs
        self.cancellation = cancellation
    }
}

/// A field whose values are wanted.
package struct LogWantedField: Sendable {
    package var name: String
    /// Whether the number that a value stands for is wanted. Its text is then told only where it is no number.
    package var isNumber: Bool

    package init(_ name: String, isNumber: Bool = false) {
        self.name = name
        self.isNumber = isNumber
    }
}

/// A condition on the bytes of the whole line: it contains any of the needles, and an expression is found in it.
package struct LogLineFilter: Sendable {
    /// Any of these; none says nothing.
    package var needles: [[UInt8]]
    /// Whether letters of ASCII count in either case. The needles then have lower-case ones only.
    package var foldsCase = false
    package var expression: RegularExpression?
    /// Whether the expression, found in a piece of a line, is found in the line: it looks at no borders.
    package var isLocal = false
    /// True where the line must not satisfy the condition.
    package var isNegative: Bool

    package init(contains needle: [UInt8], isNegative: Bool = false) {
        self.init(containsAny: [needle], isNegative: isNegative)
    }

    package init(containsAny needles: [[UInt8]], isNegative: Bool = false) {
        self.needles = needles
        self.isNegative = isNegative
    }

    /// The line matches somewhere.
    package init(matches expression: RegularExpression, isNegative: Bool = false) {
        self.isNegative = isNegative
        self.expression = expression
        isLocal = !PatternNeedles.mayAssert(expression.pattern)
        let found = PatternNeedles(of: expression.pattern)
        needles = (found?.texts ?? []).map { Array($0.utf8) }
        foldsCase = found?.foldsCase ?? false
        // Beyond ASCII, K and s have a third case.
        let isFolded =
            foldsCase && needles.contains { $0.contains { $0 == UInt8(ascii: "k") || $0 == UInt8(ascii: "s") } }
        if isFolded { needles += Self.thirdCases }
        if let found, found.isExact, !isFolded { self.expression = nil }
    }

    private static let thirdCases = ["\u{17f}", "\u{212a}"].map { Array($0.utf8) }

    package func holds(_ line: Span<UInt8>) -> Bool {
        let contains = needles.isEmpty || needles.contains { Self.contains($0, line, foldsCase: foldsCase) }
        return (contains && expression?.matches(line) ?? true) != isNegative
    }

    private static func contains(_ needle: [UInt8], _ line: Span<UInt8>, foldsCase: Bool) -> Bool {
        foldsCase
            ? ByteSearch.find(folded: needle.span, in: line) != nil : ByteSearch.contains(needle.span, in: line)
    }
}

/// A condition on a field: the structured metadata of that name, otherwise the first field of the line that has the name
/// (`LogFields`), its escapes resolved. A field that is absent has the empty value.
package struct LogFieldCondition: Sendable {
    package enum Comparison: Sendable {
        case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual

        package func holds(_ a: Double, _ b: Double) -> Bool {
            switch self {
            case .less: a < b
            case .lessOrEqual: a <= b
            case .greater: a > b
            case .greaterOrEqual: a >= b
            case .equal: a == b
            case .notEqual: a != b
            }
        }
    }

    package enum Test: Sendable {
        /// The matcher's name is that of the field.
        case text(Matcher)
        /// Holds for values that are numbers.
        case number(Comparison, Double)
        /// Holds for values that are numbers and compare so, and for values that are no numbers; not for absent ones.
        case numberOrOther(Comparison, Double)
    }

    package var name: String
    package var test: Test

    package init(_ matcher: Matcher) {
        name = matcher.name
        test = .text(matcher)
    }

    package init(_ name: String, _ comparison: Comparison, _ number: Double) {
        self.name = name
        test = .number(comparison, number)
    }

    package init(_ name: String, _ comparison: Comparison, numberOrOther number: Double) {
        self.name = name
        test = .numberOrOther(comparison, number)
    }

    package func holds(_ value: Span<UInt8>) -> Bool {
        switch test {
        case .text(let matcher): return matcher.matches(value)
        case .number(let comparison, let number):
            guard !value.isEmpty else { return false }
            let text = unsafe value.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
            return Double(text).map { comparison.holds($0, number) } ?? false
        case .numberOrOther(let comparison, let number):
            guard !value.isEmpty else { return false }
            let text = unsafe value.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
            return FloatReading.float(text).map { comparison.holds($0, number) } ?? true
        }
    }
}

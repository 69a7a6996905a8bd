import Encoding
import Model
import Storage

/// `| status >= 500 and (level = "error" or took > 1s)`
struct LabelFilterStage: Stage {
    static let keywords: [String] = []

    let predicate: LabelPredicate

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        LabelFilterStage(predicate: try parser.predicate(isFirst: true))
    }

    var text: String { predicate.text }
    var read: [String]? { predicate.names }

    func run(_ entry: PipelineEntry) -> Bool { predicate.holds(&entry.labels) }
}

/// A condition on the labels of an entry.
///
/// What cannot be converted is an error of the entry, which stays for someone who asks for errors.
indirect enum LabelPredicate: Sendable {
    typealias Comparison = LogFieldCondition.Comparison

    case matcher(LabelMatch)
    case number(LabelName, Comparison, Double)
    case duration(LabelName, Comparison, Int64, String)
    case bytes(LabelName, Comparison, UInt64, String)
    case address(LabelName, isNegative: Bool, AddressRange, String)
    case both(LabelPredicate, LabelPredicate)
    case either(LabelPredicate, LabelPredicate)

    struct LabelName: Sendable {
        let text: String
        let bytes: [UInt8]

        init(_ text: String) {
            self.text = text
            bytes = Array(text.utf8)
        }
    }

    struct LabelMatch: Sendable {
        let name: LabelName
        let matcher: Matcher
    }

    static let errorKind = "LabelFilterErr"

    func holds(_ labels: inout EntryLabels) -> Bool {
        switch self {
        case .matcher(let match): return Self.holds(match, labels)
        case .number(let name, let comparison, let number):
            return Self.compare(name, &labels, comparison, number) { text in
                if let value = FloatReading.float(text) { return .success(value) }
                return .failure(UnitFailure("strconv.ParseFloat: parsing \"\(text)\": invalid syntax"))
            }
        case .duration(let name, let comparison, let ns, _):
            return Self.compare(name, &labels, comparison, Double(ns)) { QueryDuration.value($0).map { Double($0) } }
        case .bytes(let name, let comparison, let bytes, _):
            return Self.compare(name, &labels, comparison, Double(bytes)) { QueryBytes.value($0).map { Double($0) } }
        case .address(let name, let isNegative, let range, _):
            if !labels.error.isEmpty { return true }
            guard let value = labels.value(of: name.bytes) else { return false }
            return range.isFound(in: labels.bytes.span.extracting(value)) != isNegative
        case .both(let left, let right):
            let isLeft = left.holds(&labels)
            let isRight = right.holds(&labels)
            return isLeft && isRight
        case .either(let left, let right): return left.holds(&labels) || right.holds(&labels)
        }
    }

    private static func holds(_ match: LabelMatch, _ labels: EntryLabels) -> Bool {
        if match.name.bytes == LabelNames.error { return match.matcher.matches(Array(labels.error.utf8).span) }
        if match.name.bytes == LabelNames.errorDetails {
            return match.matcher.matches(Array(labels.errorDetails.utf8).span)
        }
        guard let value = labels.value(of: match.name.bytes) else { return match.matcher.matchesEmpty }
        return match.matcher.matches(labels.bytes.span.extracting(value))
    }

    private static func compare(
        _ name: LabelName, _ labels: inout EntryLabels, _ comparison: Comparison, _ number: Double,
        _ convert: (String) -> Result<Double, UnitFailure>
    ) -> Bool {
        guard let text = labels.text(of: name.bytes) else { return false }
        switch convert(text) {
        case .success(let value): return comparison.holds(value, number)
        case .failure(let failure):
            labels.fail(errorKind, failure.description)
            return true
        }
    }

    /// Conditions on fields that every entry satisfies for which this holds; none where that cannot be said.
    var conditions: [LogFieldCondition] {
        switch self {
        case .matcher(let match):
            match.matcher.matchesEmpty ? [] : [LogFieldCondition(match.matcher)]
        case .number(let name, let comparison, let number):
            [LogFieldCondition(name.text, comparison, numberOrOther: number)]
        case .both(let left, let right): left.conditions + right.conditions
        case .duration, .bytes, .address, .either: []
        }
    }

    var names: [String] {
        switch self {
        case .matcher(let match): [match.name.text]
        case .number(let name, _, _), .duration(let name, _, _, _), .bytes(let name, _, _, _),
            .address(let name, _, _, _):
            [name.text]
        case .both(let left, let right), .either(let left, let right): left.names + right.names
        }
    }

    var text: String {
        switch self {
        case .matcher(let match): QueryText.matcher(match.matcher)
        case .number(let name, let comparison, let number): name.text + comparison.sign + FloatText.plain(number)
        case .duration(let name, let comparison, _, let source): name.text + comparison.sign + source
        case .bytes(let name, let comparison, _, let source): name.text + comparison.sign + source
        case .address(let name, let isNegative, _, let source):
            "\(name.text)\(isNegative ? "!=" : "=")ip(\(QueryText.quoted(source)))"
        case .both(let left, let right): "( \(left.text) , \(right.text) )"
        case .either(let left, let right): "( \(left.text) or \(right.text) )"
        }
    }
}

extension LogFieldCondition.Comparison {
    /// Nil where a sign is none of a comparison.
    init?(sign: String) {
        switch sign {
        case "<": self = .less
        case "<=": self = .lessOrEqual
        case ">": self = .greater
        case ">=": self = .greaterOrEqual
        case "=", "==": self = .equal
        case "!=": self = .notEqual
        default: return nil
        }
    }

    var sign: String {
        switch self {
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .equal: "=="
        case .notEqual: "!="
        }
    }
}

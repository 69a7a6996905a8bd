import Encoding
import Glibc
import Model
package import Text

/// What Loki's templates can do beside Go's own functions and those of all templates.
package enum TemplateFunctions {
    package static let all: [TemplateFunction] = cases + pieces + searches + patterns + numbers + times + encodings

    private static func text(_ value: TemplateValue) -> String { value.text ?? value.printed }

    private static func one(_ name: String, _ body: @escaping @Sendable (String) -> String) -> TemplateFunction {
        TemplateFunction(name, [.any]) { .string(body(text($0[0]))) }
    }

    private static func two(_ name: String, _ body: @escaping @Sendable (String, String) -> String) -> TemplateFunction
    {
        TemplateFunction(name, [.any, .any]) { .string(body(text($0[0]), text($0[1]))) }
    }

    private static let cases: [TemplateFunction] = [
        one("ToLower") { $0.lowercased() }, one("lower") { $0.lowercased() }, one("ToUpper") { $0.uppercased() },
        one("upper") { $0.uppercased() },
    ]

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

    /// Without what `isTaken` takes at the ends that are meant.
    private static func trimmed(
        _ text: String, left: Bool = true, right: Bool = true, _ isTaken: (Unicode.Scalar) -> Bool
    ) -> String {
        var scalars = text.unicodeScalars[...]
        while left, let first = scalars.first, isTaken(first) { scalars.removeFirst() }
        while right, let last = scalars.last, isTaken(last) { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func withoutPrefix(_ text: String, _ prefix: String) -> String {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    private static func withoutSuffix(_ text: String, _ suffix: String) -> String {
        text.hasSuffix(suffix) ? String(text.dropLast(suffix.count)) : text
    }

    private static let pieces: [TemplateFunction] = [
        one("TrimSpace") { trimmed($0, isBlank) }, one("trim") { trimmed($0, isBlank) },
        two("Trim") { text, set in trimmed(text) { set.unicodeScalars.contains($0) } },
        two("TrimLeft") { text, set in trimmed(text, right: false) { set.unicodeScalars.contains($0) } },
        two("TrimRight") { text, set in trimmed(text, left: false) { set.unicodeScalars.contains($0) } },
        two("trimAll") { set, text in trimmed(text) { set.unicodeScalars.contains($0) } },
        two("TrimPrefix", withoutPrefix), two("TrimSuffix", withoutSuffix),
        two("trimPrefix") { withoutPrefix($1, $0) }, two("trimSuffix") { withoutSuffix($1, $0) },
        TemplateFunction("trunc", [.any, .any]) { (arguments) throws(TemplateFailure) in
            let count = try whole(arguments[0])
            let text = Array(text(arguments[1]).utf8)
            let kept = count >= 0 ? text.prefix(count) : text.suffix(-count)
            return .string(String(decoding: kept, as: UTF8.self))
        },
        TemplateFunction("substr", [.any, .any, .any]) { (arguments) throws(TemplateFailure) in
            let text = Array(text(arguments[2]).utf8)
            let start = max(0, try whole(arguments[0]))
            let end = try whole(arguments[1])
            let upper = end < 0 || end > text.count ? text.count : end
            return .string(start < upper ? String(decoding: text[start..<upper], as: UTF8.self) : "")
        },
        TemplateFunction("repeat", [.any, .any]) { (arguments) throws(TemplateFailure) in
            let text = text(arguments[1])
            let count = max(0, try whole(arguments[0]))
            guard count.multipliedReportingOverflow(by: max(1, text.utf8.count)).partialValue <= repeatedBytesMax,
                count <= repeatedBytesMax
            else { throw TemplateFailure("repeat: the text is longer than \(repeatedBytesMax) bytes") }
            return .string(String(repeating: text, count: count))
        },
        TemplateFunction("indent", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .string(indented(text(arguments[1]), try whole(arguments[0])))
        },
        TemplateFunction("nindent", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .string("\n" + indented(text(arguments[1]), try whole(arguments[0])))
        },
        TemplateFunction("alignLeft", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .string(aligned(text(arguments[1]), try whole(arguments[0]), left: true))
        },
        TemplateFunction("alignRight", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .string(aligned(text(arguments[1]), try whole(arguments[0]), left: false))
        },
        TemplateFunction("default", [.any, .any]) { $0[1].isTrue ? $0[1] : $0[0] },
    ]

    /// What repeating and indenting may make at most.
    private static let repeatedBytesMax = 1 << 20

    private static func indented(_ text: String, _ width: Int) -> String {
        let blanks = String(repeating: " ", count: max(0, min(width, 1000)))
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { blanks + $0 }.joined(separator: "\n")
    }

    private static func aligned(_ text: String, _ width: Int, left: Bool) -> String {
        let characters = Array(text.unicodeScalars)
        guard width >= 0, width <= 10_000 else { return text }
        if characters.count >= width {
            var kept = String.UnicodeScalarView()
            kept.append(contentsOf: left ? characters.prefix(width) : characters.suffix(width))
            return String(kept)
        }
        let blanks = String(repeating: " ", count: width - characters.count)
        return left ? text + blanks : blanks + text
    }

    private static let searches: [TemplateFunction] = [
        TemplateFunction("contains", [.any, .any]) { .bool(holds(text($0[1]), text($0[0]))) },
        TemplateFunction("hasPrefix", [.any, .any]) { .bool(text($0[1]).utf8.starts(with: text($0[0]).utf8)) },
        TemplateFunction("hasSuffix", [.any, .any]) {
            .bool(text($0[1]).utf8.reversed().starts(with: text($0[0]).utf8.reversed()))
        },
        TemplateFunction("replace", [.any, .any, .any]) {
            .string(replaced(text($0[2]), text($0[0]), text($0[1]), .max))
        },
        TemplateFunction("Replace", [.any, .any, .any, .any]) { (arguments) throws(TemplateFailure) in
            let count = try whole(arguments[3])
            return .string(
                replaced(text(arguments[0]), text(arguments[1]), text(arguments[2]), count < 0 ? .max : count))
        },
        TemplateFunction("count", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .int(try matches(text(arguments[0]), text(arguments[1])).count)
        },
    ]

    private static func holds(_ text: String, _ needle: String) -> Bool {
        ByteSearch.contains(Array(needle.utf8).span, in: Array(text.utf8).span)
    }

    private static func replaced(_ text: String, _ old: String, _ new: String, _ count: Int) -> String {
        let (bytes, needle) = (Array(text.utf8), Array(old.utf8))
        guard !needle.isEmpty else { return text }
        var output: [UInt8] = []
        var at = 0
        var left = count
        while left > 0, let found = ByteSearch.find(needle.span, in: bytes.span, from: at) {
            output += bytes[at..<found]
            output += new.utf8
            at = found + needle.count
            left -= 1
        }
        return String(decoding: output + bytes[at...], as: UTF8.self)
    }

    // MARK: expressions

    private static let patterns: [TemplateFunction] = [
        TemplateFunction("regexReplaceAll", [.any, .any, .any]) { (arguments) throws(TemplateFailure) in
            let expression = try compiled(text(arguments[0]))
            let template = ReplacementTemplate(text(arguments[2]), for: expression)
            return .string(replaceAll(expression, in: text(arguments[1])) { template.expand($0, in: $1, into: &$2) })
        },
        TemplateFunction("regexReplaceAllLiteral", [.any, .any, .any]) { (arguments) throws(TemplateFailure) in
            let literal = Array(text(arguments[2]).utf8)
            return .string(
                replaceAll(try compiled(text(arguments[0])), in: text(arguments[1])) { _, _, output in output += literal
                })
        },
    ]

    private static func compiled(_ pattern: String) throws(TemplateFailure) -> RegularExpression {
        do throws(RegularExpressionError) {
            return try RegularExpression(pattern)
        } catch {
            throw TemplateFailure("\(error)")
        }
    }

    private static func matches(_ pattern: String, _ text: String) throws(TemplateFailure) -> [Range<Int>] {
        var found: [Range<Int>] = []
        _ = replaceAll(try compiled(pattern), in: text) { captures, _, _ in
            if let range = captures[0] { found.append(range) }
        }
        return found
    }

    private static func replaceAll(
        _ expression: RegularExpression, in text: String,
        _ replace: (CaptureRanges, Span<UInt8>, inout [UInt8]) -> Void
    ) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var captures = CaptureRanges()
        var (copied, searched) = (0, 0)
        while searched <= bytes.count, expression.captures(in: bytes.span, from: searched, into: &captures),
            let match = captures[0]
        {
            output += bytes[copied..<match.lowerBound]
            replace(captures, bytes.span, &output)
            copied = match.upperBound
            searched = match.upperBound + (match.isEmpty ? 1 : 0)
        }
        return String(decoding: output + bytes[min(copied, bytes.count)...], as: UTF8.self)
    }

    // MARK: numbers

    private static func whole(_ value: TemplateValue) throws(TemplateFailure) -> Int {
        let number = number(value)
        guard number.magnitude < 9e18 else { throw TemplateFailure("\(value.printed) is no whole number") }
        return Int(number)
    }

    /// As sprig's `cast` has it: what is no number is zero.
    private static func number(_ value: TemplateValue) -> Double {
        switch value.plain {
        case .int(let value): Double(value)
        case .float(let value): value
        case .bool(let value): value ? 1 : 0
        default: FloatReading.float(text(value)) ?? 0
        }
    }

    private static func integer(_ value: TemplateValue) -> Int { Int(exactly: number(value).rounded(.towardZero)) ?? 0 }

    private static func integers(_ name: String, _ fold: @escaping @Sendable (Int, Int) -> Int?) -> TemplateFunction {
        TemplateFunction(name, [.any], rest: .any) { (arguments) throws(TemplateFailure) in
            var result = integer(arguments[0])
            for argument in arguments.dropFirst() {
                guard let next = fold(result, integer(argument)) else {
                    throw TemplateFailure("\(name): divided by zero")
                }
                result = next
            }
            return .int(result)
        }
    }

    private static func floats(
        _ name: String, _ fold: @escaping @Sendable (Double, Double) -> Double
    ) -> TemplateFunction {
        TemplateFunction(name, [.any], rest: .any) { arguments in
            .float(arguments.dropFirst().reduce(number(arguments[0])) { fold($0, number($1)) })
        }
    }

    private static let numbers: [TemplateFunction] = [
        integers("add") { $0 &+ $1 }, integers("sub") { $0 &- $1 }, integers("mul") { $0 &* $1 },
        integers("div") { $1 == 0 ? nil : $0.dividedReportingOverflow(by: $1).partialValue },
        integers("mod") { $1 == 0 ? nil : $0.remainderReportingOverflow(dividingBy: $1).partialValue },
        integers("max") { max($0, $1) }, integers("min") { min($0, $1) },
        floats("addf") { $0 + $1 }, floats("subf") { $0 - $1 }, floats("mulf") { $0 * $1 }, floats("divf") { $0 / $1 },
        floats("maxf") { max($0, $1) }, floats("minf") { min($0, $1) },
        TemplateFunction("ceil", [.any]) { .float(number($0[0]).rounded(.up)) },
        TemplateFunction("floor", [.any]) { .float(number($0[0]).rounded(.down)) },
        TemplateFunction("round", [.any, .any], rest: .any) { (arguments) throws(TemplateFailure) in
            let scale = pow(10, Double(try whole(arguments[1])))
            return .float((number(arguments[0]) * scale).rounded(.toNearestOrAwayFromZero) / scale)
        },
        TemplateFunction("int", [.any]) { .int(integer($0[0])) },
        TemplateFunction("float64", [.any]) { .float(number($0[0])) },
        TemplateFunction("bytes", [.any]) { (arguments) throws(TemplateFailure) in
            switch QueryBytes.value(text(arguments[0])) {
            case .success(let value): return .float(Double(value))
            case .failure(let failure): throw TemplateFailure(failure.description)
            }
        },
        TemplateFunction("duration", [.any]) { (arguments) throws(TemplateFailure) in try seconds(arguments[0]) },
        TemplateFunction("duration_seconds", [.any]) { (arguments) throws(TemplateFailure) in try seconds(arguments[0])
        },
    ]

    private static func seconds(_ value: TemplateValue) throws(TemplateFailure) -> TemplateValue {
        switch QueryDuration.value(text(value)) {
        case .success(let ns): return .float(Double(ns) / 1e9)
        case .failure(let failure): throw TemplateFailure(failure.description)
        }
    }

    // MARK: times

    private static func time(_ value: TemplateValue) throws(TemplateFailure) -> GoTime {
        if case .object(let object) = value, let time = object as? GoTime { return time }
        throw TemplateFailure("\(value.typeName) is no time")
    }

    private static let times: [TemplateFunction] = [
        TemplateFunction("date", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .string(try time(arguments[1]).formatted(text(arguments[0])))
        },
        TemplateFunction("unixEpoch", [.any]) { (arguments) throws(TemplateFailure) in
            .string("\(try time(arguments[0]).ms / 1000)")
        },
        TemplateFunction("unixEpochMillis", [.any]) { (arguments) throws(TemplateFailure) in
            .string("\(try time(arguments[0]).ms)")
        },
        TemplateFunction("unixEpochNanos", [.any]) { (arguments) throws(TemplateFailure) in
            .string("\(try time(arguments[0]).ms)000000")
        },
        TemplateFunction("unixToTime", [.any]) { (arguments) throws(TemplateFailure) in
            let digits = text(arguments[0])
            guard let value = Int64(digits) else { throw TemplateFailure("unable to parse time '\(digits)'") }
            switch digits.count {
            case 5: return .object(GoTime(ms: value * 86_400_000))
            case 10: return .object(GoTime(ms: value * 1000))
            case 13: return .object(GoTime(ms: value))
            case 16: return .object(GoTime(ms: value / 1000))
            case 19: return .object(GoTime(ms: value / 1_000_000))
            default: throw TemplateFailure("unable to parse time '\(digits)'")
            }
        },
    ]

    // MARK: encodings

    private static let encodings: [TemplateFunction] = [
        one("b64enc") { Base64.standard.string(Array($0.utf8).span) },
        TemplateFunction("b64dec", [.any]) { (arguments) throws(TemplateFailure) in
            do throws(DecodeError) {
                let bytes = try Base64.standard.decode(Array(text(arguments[0]).utf8).span)
                return .string(String(decoding: bytes, as: UTF8.self))
            } catch {
                throw TemplateFailure("illegal base64 data: \(error)")
            }
        },
        one("urlencode", TextEscapes.query),
        TemplateFunction("urldecode", [.any]) { (arguments) throws(TemplateFailure) in
            guard let decoded = unescaped(text(arguments[0])) else {
                throw TemplateFailure("invalid URL escape in \(Quoted.text(text(arguments[0])))")
            }
            return .string(decoded)
        },
        TemplateFunction("fromJson", [.any]) { (arguments) throws(TemplateFailure) in
            do throws(JSONError) {
                return value(try JSONValue.parse(Array(text(arguments[0]).utf8).span))
            } catch {
                throw TemplateFailure("fromJson: \(error)")
            }
        },
    ]

    private static func unescaped(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func value(_ json: JSONValue) -> TemplateValue {
        switch json {
        case .null: .nothing
        case .bool(let value): .bool(value)
        case .number: .float(json.double ?? 0)
        case .string(let text): .string(text)
        case .array(let elements): .list(elements.map(value))
        case .object(let members): .map(TemplateMap(members.map { ($0.name, value($0.value)) }))
        }
    }
}

import Encoding
import Text

/// `|= "a"`, `!= "a" or "b"`, `|~ "a.*b"`, `|> "<_> b"`, `|= ip("10.0.0.0/8")`.
struct LineFilterStage: Stage {
    static let keywords = ["|=", "!=", "|~", "!~", "|>", "!>"]

    enum Test: Sendable {
        case contains([UInt8])
        case matches(RegularExpression)
        case pattern(LinePattern, String)
        case address(AddressRange, String)

        func holds(_ line: Span<UInt8>) -> Bool {
            switch self {
            case .contains(let needle): ByteSearch.contains(needle.span, in: line)
            case .matches(let expression): expression.matches(line)
            case .pattern(let pattern, _): pattern.matches(line)
            case .address(let range, _): range.isFound(in: line)
            }
        }

        var text: String {
            switch self {
            case .contains(let needle): QueryText.quoted(String(decoding: needle, as: UTF8.self))
            case .matches(let expression): QueryText.quoted(expression.pattern)
            case .pattern(_, let source): QueryText.quoted(source)
            case .address(_, let source): "ip(\(QueryText.quoted(source)))"
            }
        }
    }

    let sign: String
    /// Any of them; with a negative sign none.
    let tests: [Test]

    var isNegative: Bool { sign.first == "!" }

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        var tests: [Test] = []
        repeat {
            if parser.token.isSign("ip") {
                tests.append(try address(keyword, &parser))
            } else {
                let token = parser.token
                let text = try parser.string(expecting: ["STRING", "ip"])
                tests.append(try test(keyword.text, text, token, parser))
            }
        } while parser.skip("or")
        return LineFilterStage(sign: keyword.text, tests: tests)
    }

    private static func test(
        _ sign: String, _ text: String, _ token: Token, _ parser: QueryParser
    ) throws(LogQLError) -> Test {
        switch sign.last {
        case "=": return .contains(Array(text.utf8))
        case "~": return .matches(try parser.expression(text, at: token))
        default:
            do throws(LinePattern.Failure) {
                return .pattern(try LinePattern(filtering: text), text)
            } catch {
                throw parser.failure(error.message, at: token)
            }
        }
    }

    private static func address(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> Test {
        let token = parser.token
        let source = try parser.addressPattern()
        guard keyword.text == "|=" || keyword.text == "!=" else {
            throw parser.failure("ip: invalid operation", at: token)
        }
        return .address(try parser.range(of: source, at: token), source)
    }

    var text: String { sign + " " + tests.map(\.text).joined(separator: " or ") }
    var read: [String]? { [] }
    var readsLine: Bool { true }

    func run(_ entry: PipelineEntry) -> Bool {
        for test in tests where test.holds(entry.line.span) { return !isNegative }
        return isNegative
    }
}

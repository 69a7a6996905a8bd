import Model
import TestSupport
import Testing

@testable import Alerting

@Suite struct MatcherTextTests {
    @Test(arguments: [
        ("a=b", ["a=\"b\""]), ("a = b", ["a=\"b\""]), ("{a=\"b\", c!=d}", ["a=\"b\"", "c!=\"d\""]),
        ("a=~\"b|c\"", ["a=~\"b|c\""]), ("a!~b.*", ["a!~\"b.*\""]), ("a=\"b,c\",d=\"}\"", ["a=\"b,c\"", "d=\"}\""]),
        ("\"über maß\"=\"ö\"", ["über maß=\"ö\""]), ("a=\"x\\\"y\\n\"", ["a=\"x\\\"y\\n\""]), ("{}", []), ("", []),
        ("a=", ["a=\"\""]), ("a=b c", ["a=\"b c\""]), ("a=\"b\",", ["a=\"b\""]), ("über=ö", ["über=\"ö\""]),
    ])
    func readsWhatAlertmanagerReads(text: String, expected: [String]) throws {
        #expect(try MatcherText.matchers(text).map(\.description) == expected)
    }

    @Test(arguments: ["a", "=b", "a=\"b", "a=~(", "a~b", "a=b=\"c\"d\"", "a=b,,c=d\""])
    func refusesWhatIsNoCondition(text: String) {
        #expect(throws: MatcherText.Failure.self) { try MatcherText.matchers(text) }
    }

    @Test func conditionsInQuotesAreReadBack() throws {
        var generator = SeededGenerator.announced()
        let alphabet = Array("ab\"\\,={}!~ \nüß☃'")
        for _ in 0..<500 {
            func text() -> String {
                String(
                    (0..<Int.random(in: 1...8, using: &generator)).map { _ in alphabet.randomElement(using: &generator)!
                    })
            }
            let wanted = (0..<Int.random(in: 1...4, using: &generator)).map { _ in (text(), text()) }
            func quoted(_ text: String) -> String {
                "\"" + text.map { $0 == "\n" ? "\\n" : $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
                    + "\""
            }
            let source = wanted.map { "\(quoted($0.0))=\(quoted($0.1))" }.joined(separator: ", ")
            let read = try MatcherText.matchers("{\(source)}")
            #expect(read.map(\.name) == wanted.map(\.0) && read.map(\.value) == wanted.map(\.1), "\(source)")
        }
    }
}

import Encoding
import Testing

/// The forms that Prometheus' YAML library takes for truth values and numbers.
@Suite struct YAMLScalarTests {
    private func scalar(_ text: String) throws -> YAMLScalar {
        let node = try #require(try YAMLParser.document("a: \(text)", file: "a.yml")?["a"])
        guard case .scalar(let scalar) = node.content else {
            throw ConfigurationError(at: .init(file: "", line: 0, column: 0), "no scalar")
        }
        return scalar
    }

    @Test(arguments: ["true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"])
    func readsTrue(text: String) throws {
        #expect(try scalar(text).bool == true)
        #expect(try scalar("\"\(text)\"").bool == nil)
    }

    @Test(arguments: ["false", "n", "N", "no", "No", "NO", "off", "Off", "OFF"])
    func readsFalse(text: String) throws { #expect(try scalar(text).bool == false) }

    @Test(arguments: [
        ("0", 0), ("-1", -1), ("+7", 7), ("1_000", 1000), ("0x1F", 31), ("0b101", 5), ("0o17", 15), ("017", 15),
        ("1e3", 1000), ("5.0", 5), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
    ])
    func readsWholeNumbers(text: String, expected: Int) throws { #expect(try scalar(text).int == expected) }

    @Test(arguments: ["1.5", "a", "1s", "\"1\"", "0x", "--1", "1e400", "9223372036854775808", "_", "+"])
    func refusesWhatIsNoWholeNumber(text: String) throws { #expect(try scalar(text).int == nil) }

    @Test(arguments: [
        ("0.5", 0.5), ("-1.5e3", -1500), (".5", 0.5), ("1_0.5", 10.5), (".inf", .infinity), ("-.inf", -.infinity),
    ])
    func readsNumbers(text: String, expected: Double) throws { #expect(try scalar(text).float == expected) }

    @Test(arguments: ["inf", "nan", "0x1p3", "1 2", "'1.5'", "."])
    func refusesWhatIsNoNumber(text: String) throws { #expect(try scalar(text).float == nil) }

    @Test func readsNotANumber() throws { #expect(try scalar(".nan").float?.isNaN == true) }
}

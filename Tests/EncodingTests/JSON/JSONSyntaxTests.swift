import Encoding
import Testing

/// A table made by hand from the grammar of RFC 8259.
@Suite struct JSONSyntaxTests {
    static let accepted = [
        "null", "true", "false", "0", "-0", "1", "-1", "10", "0.5", "-0.0e0", "1e5", "1E+5", "1e-5",
        "123456789012345678901234567890",
        "1.5e300", "1e400", "\"\"", "\"a\"", "\"\\\"\"", "\"\\\\\"", "\"\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"",
        "\"\\uD83D\\uDE00\"",
        "\"\\ud800\"", "\"\u{7f}\"", "\"é€😀\"", "\"\u{2028}\"", "[]", "[ ]", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]",
        "[[],[]]",
        "[null,true,{}]", "{}", "{ }", "{\"\":0}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":[]}}",
        " \t\r\n1 \t\r\n", "[\"a\",\n\"b\"]", "\"\u{feff}\"",
    ]

    static let refused = [
        ("", "the text ends where a value should be"), (" ", "the text ends where a value should be"),
        ("nul", "a value cannot begin with this byte"), ("NULL", "a value cannot begin with this byte"),
        ("nullx", "something follows the end of the value"), ("1 2", "something follows the end of the value"),
        ("[1]]", "something follows the end of the value"), ("+1", "a value cannot begin with this byte"),
        (".5", "a value cannot begin with this byte"), ("01", "something follows the end of the value"),
        ("-", "a digit is missing"), ("-a", "a digit is missing"), ("1.", "a digit is missing"),
        ("1.e5", "a digit is missing"),
        ("1e", "a digit is missing"), ("1e+", "a digit is missing"), ("0x10", "something follows the end of the value"),
        ("1_000", "something follows the end of the value"), ("NaN", "a value cannot begin with this byte"),
        ("Infinity", "a value cannot begin with this byte"), ("-Infinity", "a digit is missing"),
        ("'a'", "a value cannot begin with this byte"), ("\"", "a string has no end"), ("\"a", "a string has no end"),
        ("\"\\", "a string has no end"), ("\"\\\"", "a string has no end"), ("\"\\x41\"", "an unknown escape"),
        ("\"\\U0041\"", "an unknown escape"), ("\"\\u004\"", "\\u takes four hex digits"),
        ("\"\\u00g0\"", "\\u takes four hex digits"), ("\"a\nb\"", "a control character has to be escaped"),
        ("\"\t\"", "a control character has to be escaped"), ("\"\0\"", "a control character has to be escaped"),
        ("[", "the text ends where a value should be"), ("[1", "`,` or `]` is missing"),
        ("[1,", "the text ends where a value should be"),
        ("[1,]", "a value cannot begin with this byte"), ("[,1]", "a value cannot begin with this byte"),
        ("[1 2]", "`,` or `]` is missing"),
        ("[1}", "`,` or `]` is missing"), ("{", "a name in double quotes is missing"),
        ("{1:2}", "a name in double quotes is missing"),
        ("{a:1}", "a name in double quotes is missing"), ("{\"a\"}", "`:` is missing"), ("{\"a\" 1}", "`:` is missing"),
        ("{\"a\":}", "a value cannot begin with this byte"), ("{\"a\":1", "`,` or `}` is missing"),
        ("{\"a\":1,}", "a name in double quotes is missing"), ("{\"a\":1 \"b\":2}", "`,` or `}` is missing"),
        ("{,}", "a name in double quotes is missing"), ("//c\n1", "a value cannot begin with this byte"),
        ("[1] // c", "something follows the end of the value"), ("\u{feff}1", "a value cannot begin with this byte"),
        ("\u{a0}1", "a value cannot begin with this byte"), ("\u{c}1", "a value cannot begin with this byte"),
        ("true false", "something follows the end of the value"),
    ]

    private func problem(_ bytes: [UInt8]) -> String? {
        do {
            try JSONSyntax.check(bytes.span)
            return nil
        } catch { return error.what }
    }

    @Test(arguments: accepted)
    func accepts(text: String) throws {
        let bytes = Array(text.utf8)
        #expect(problem(bytes) == nil)
        let value = try JSONValue.parse(bytes.span)
        var writer = JSONWriter()
        writer.value(value)
        let again = try JSONValue.parse(writer.bytes.span)
        #expect(again == value)
    }

    @Test(arguments: refused)
    func refuses(text: String, what: String) { #expect(problem(Array(text.utf8)) == what) }

    @Test(
        arguments: [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82], [0x80],
        ] as [[UInt8]])
    func refusesBytesThatAreNotUTF8(bytes: [UInt8]) {
        let quote: [UInt8] = [0x22]
        #expect(problem(quote + bytes + quote) == "the text is not UTF-8")
    }

    @Test func saysWhere() {
        let bytes = Array("{\n  \"a\": 1,\n  \"b\": tru\n}".utf8)
        #expect {
            try JSONSyntax.check(bytes.span)
        } throws: {
            "\($0)" == "not valid JSON at line 3, column 8: a value cannot begin with this byte"
                && ($0 as? JSONError)?.offset == 19
        }
    }

    @Test func boundsTheDepth() {
        let deepest = Array((String(repeating: "[", count: 100) + String(repeating: "]", count: 100)).utf8)
        #expect(problem(deepest) == nil)
        #expect(
            problem([UInt8(ascii: "[")] + deepest + [UInt8(ascii: "]")])
                == "values are nested more than 100 levels deep")
        #expect(problem(Array(repeating: UInt8(ascii: "["), count: 1_000_000)) != nil)
    }
}

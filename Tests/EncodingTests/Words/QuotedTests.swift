import Encoding
import Testing

@Suite struct QuotedTests {
    @Test(arguments: [
        ("plain", "\"plain\""), ("a\"b\\c", #""a\"b\\c""#), ("tab\tnl\nüñ", "\"tab\\tnl\\nüñ\""),
        ("\u{1b}[31m", #""\x1b[31m""#), ("\u{7f}", #""\x7f""#),
    ])
    func escapesWhatATerminalMustNotSee(text: String, expected: String) { #expect(Quoted.text(text) == expected) }

    @Test func showsBytesThatAreNotUTF8() {
        #expect(Quoted.bytes([0x61, 0xff, 0x05]) == #""a\xff\x05""#)
        #expect(Quoted.bytes(Array("a\"b\\".utf8) + [0xff]) == #""a\"b\\\xff""#, "what quotes them is escaped")
    }
}

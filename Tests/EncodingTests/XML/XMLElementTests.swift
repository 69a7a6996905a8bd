import Encoding
import TestSupport
import Testing

struct XMLElementTests {
    private func parse(_ text: String) throws -> XMLElement {
        let bytes = Array(text.utf8)
        return try XMLElement.parse(bytes.span)
    }

    @Test func elementsHoldTextAndElements() throws {
        let root = try parse(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- an answer -->
            <a:Response xmlns:a="http://x/>" flag='y'>
              <set><item><id>i-1</id><empty/><none></none></item><item/></set>
              <text>a &lt; b &amp;&#38; &#x63;<![CDATA[<&]]></text>
            </a:Response>
            """)
        #expect(root.name == "Response")
        #expect(root.items(of: "set").map { $0.text(of: "id") } == ["i-1", nil])
        #expect(root.items(of: "set")[0].text(of: "empty") == nil && root.items(of: "set")[0].text(of: "none") == nil)
        #expect(root.text(of: "text") == "a < b && c<&")
    }

    @Test(arguments: [
        "", "a", "<a>", "<a></b>", "<a>&nope;</a>", "<a>&#xffffffff;</a>", "<a></a><b/>", "<a", "<a b='></a>", "<></>",
        String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100),
    ])
    func whatIsNoXMLIsRefused(text: String) {
        #expect(throws: DecodeError.self) { try parse(text) }
    }

    @Test func anyDamageIsRefusedOrRead() throws {
        var generator = SeededGenerator.announced()
        let good = Array("<a x='1'><b>t&amp;x</b><!-- c --><![CDATA[d]]><c/></a>".utf8)
        for _ in 0..<5000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 32...126, using: &generator)
            }
            bytes.removeLast(.random(in: 0...bytes.count, using: &generator))
            _ = try? XMLElement.parse(bytes.span)  // that it ends is what is looked at
        }
    }
}

import Encoding
import Foundation
import TestSupport
import Testing

@Suite struct DigitsTests {
    /// RFC 4648 section 10.
    static let vectors: [(plain: String, base64: String, hexadecimal: String)] = [
        ("", "", ""),
        ("f", "Zg==", "66"),
        ("fo", "Zm8=", "666f"),
        ("foo", "Zm9v", "666f6f"),
        ("foob", "Zm9vYg==", "666f6f62"),
        ("fooba", "Zm9vYmE=", "666f6f6261"),
        ("foobar", "Zm9vYmFy", "666f6f626172"),
    ]

    @Test(arguments: vectors)
    func agreesWithTheVectorsOfTheRFC(plain: String, base64: String, hexadecimal: String) throws {
        let bytes = Array(plain.utf8)
        #expect(Base64.standard.string(bytes.span) == base64)
        #expect(try Base64.standard.decode(Array(base64.utf8).span) == bytes)
        let bare = base64.filter { $0 != "=" }
        #expect(Base64.url.string(bytes.span) == bare)
        #expect(try Base64.url.decode(Array(bare.utf8).span) == bytes)
        #expect(try Base64.url.decode(Array(base64.utf8).span) == bytes)
        #expect(Hexadecimal.string(bytes.span) == hexadecimal)
        #expect(try Hexadecimal.decode(Array(hexadecimal.utf8).span) == bytes)
        #expect(try Hexadecimal.decode(Array(hexadecimal.uppercased().utf8).span) == bytes)
    }

    @Test func agreesWithFoundationOnRandomBytes() throws {
        var random = SeededGenerator(seed: 1)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let expected = Data(bytes).base64EncodedString()
            #expect(Base64.standard.string(bytes.span) == expected)
            let url = expected.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
            #expect(Base64.url.string(bytes.span) == url)
            #expect(try Base64.standard.decode(Array(expected.utf8).span) == bytes)
            #expect(try Base64.url.decode(Array(url.utf8).span) == bytes)
        }
    }

    static let wrong: [(String, DecodeError)] = [
        ("Zg", DecodeError(.invalidCharacterCount(2), at: 0)),
        ("Zg=", DecodeError(.invalidCharacterCount(3), at: 0)),
        ("Zg===", DecodeError(.invalidCharacterCount(5), at: 0)),
        ("Z", DecodeError(.invalidCharacterCount(1), at: 0)),
        ("====", DecodeError(.invalidCharacter(0x3d), at: 0)),
        ("Zg==Zg==", DecodeError(.invalidCharacter(0x3d), at: 2)),
        ("Zh==", DecodeError(.excessBits, at: 1)),
        ("Zm9v\n", DecodeError(.invalidCharacterCount(5), at: 0)),
        ("Zm 9", DecodeError(.invalidCharacter(0x20), at: 2)),
        ("_w==", DecodeError(.invalidCharacter(0x5f), at: 0)),
    ]

    @Test(arguments: wrong)
    func refusesWrongBase64(text: String, error: DecodeError) {
        #expect(throws: error) { try Base64.standard.decode(Array(text.utf8).span) }
    }

    @Test func refusesWrongHexadecimal() {
        let wrong = [
            ("abc", DecodeError(.invalidCharacterCount(3), at: 0)),
            ("abcg", DecodeError(.invalidCharacter(0x67), at: 3)),
            ("/0", DecodeError(.invalidCharacter(0x2f), at: 0)),
        ]
        for (text, error) in wrong {
            #expect(throws: error) { try Hexadecimal.decode(Array(text.utf8).span) }
        }
    }
}

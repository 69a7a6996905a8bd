import Encoding
import TestSupport
import Testing

@Suite struct Base64Tests {
    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func followsTheStandardsVectors(plain: String, encoded: String) {
        let bytes = Array(plain.utf8)
        let text = Array(encoded.utf8)
        #expect(Base64.encode(bytes.span) == encoded)
        #expect(Base64.decode(text.span) == bytes)
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zh==", "Zg==Zg==", "Zm9v\n", "Zm9-", "====", "Z==="])
    func refusesOtherText(text: String) {
        let bytes = Array(text.utf8)
        #expect(Base64.decode(bytes.span) == nil)
    }

    @Test func roundTripsRandomBytesInBothAlphabets() {
        var random = SeededGenerator(seed: 64)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            for alphabet in [Base64.Alphabet.standard, .url] {
                let text = Array(Base64.encode(bytes.span, alphabet).utf8)
                #expect(Base64.decode(text.span, alphabet) == bytes, "seed 64, length \(length)")
            }
        }
    }
}

import Crypto
import Encoding

/// SHA-256 of a text, in hexadecimal digits.
enum SHA256Text {
    static func hexadecimal(_ text: String) -> String {
        Hexadecimal.string(HashAlgorithm.sha256.hash(Array(text.utf8).span).span)
    }

    static func hexadecimal(_ bytes: [UInt8], key: String) -> String {
        Hexadecimal.string(HashAlgorithm.sha256.authenticate(bytes.span, key: Array(key.utf8).span).span)
    }
}

import Crypto
import Encoding
import HTTP

/// Addresses of pictures that whoever has them may open until they expire: a page or a mail that shows a picture has no
/// password.
struct RenderAddress {
    let file: String
    /// All parameters but the signature, in their order.
    let parameters: [(name: String, value: String)]

    static let expires = "expires"
    static let signature = "signature"

    /// The path and query that is answered until then.
    func signed(_ key: [UInt8]) -> String {
        let query = parameters + [(Self.signature, mark(key))]
        return "/render/\(file)?"
            + query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(
                separator: "&")
    }

    /// Nil where it may be answered, else why not.
    func refusal(signature: String, _ key: [UInt8], nowMs: Int64) -> String? {
        let mark = mark(key)
        guard ConstantTime.equal(Array(signature.utf8).span, Array(mark.utf8).span) else {
            return "the signature is not that of this address: have one made by POST /obs/v1/render"
        }
        let end = parameters.first { $0.name == Self.expires }.flatMap { Int64($0.value) } ?? 0
        return end * 1000 < nowMs ? "this address has expired: have a new one made by POST /obs/v1/render" : nil
    }

    private func mark(_ key: [UInt8]) -> String {
        // Lengths in front: no two different addresses have the same bytes.
        let parts = [file] + parameters.flatMap { [$0.name, $0.value] }
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return Hexadecimal.string(HashAlgorithm.sha256.authenticate(Array(text.utf8).span, key: key.span).span)
    }
}

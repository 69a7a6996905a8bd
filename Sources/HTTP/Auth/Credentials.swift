import Crypto
import Encoding

/// What an `Authorization` field carries.
enum Credentials: Equatable {
    case none
    /// A scheme that is not served, or one that is but broken.
    case unusable
    /// The hash of the token; the token itself is not kept.
    case bearer(hash: [UInt8])
    case basic(name: String, password: [UInt8])

    /// Bound on what is decoded; tokens have 47 bytes, passwords at most 511.
    private static let bytesMax = 2_048

    init(_ field: Span<UInt8>?) {
        guard let field else {
            self = .none
            return
        }
        guard field.count <= Self.bytesMax, let blank = field.firstIndex(of: 0x20) else {
            self = .unusable
            return
        }
        let scheme = field.extracting(0..<blank)
        let value = field.extracting(blank..<field.count).trimmed
        if scheme.equalsIgnoringCase("bearer"), !value.isEmpty {
            self = .bearer(hash: BearerToken.hash(of: value))
        } else if scheme.equalsIgnoringCase("basic"), let basic = Self.basic(value) {
            self = basic
        } else {
            self = .unusable
        }
    }

    /// RFC 7617: the name ends at the first colon.
    private static func basic(_ value: Span<UInt8>) -> Credentials? {
        guard let decoded = try? Base64.standard.decode(value),  // nil is the answer for what is no Base64
            let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: decoded[..<colon], as: UTF8.self)
        else { return nil }
        return .basic(name: name, password: Array(decoded[(colon + 1)...]))
    }
}

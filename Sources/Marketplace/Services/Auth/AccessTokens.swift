import Crypto
import Encoding

/// JSON web tokens (RFC 7519) with HMAC-SHA256: made by `auth`, checked by the gateway.
struct AccessTokens: Sendable {
    enum Kind: String, Sendable {
        case access, refresh

        var seconds: Int { self == .access ? 3_600 : 30 * 86_400 }
    }

    private static let head = Base64.url.string(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8).span)

    private let key: [UInt8]

    init(secret: String) {
        key = Array(secret.utf8)
    }

    func token(_ kind: Kind, subject: String, nowNs: Int64) -> String {
        let now = Int(nowNs / 1_000_000_000)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("sub", subject)
        writer.member("use", kind.rawValue)
        writer.member("iat", now)
        writer.member("exp", now + kind.seconds)
        writer.endObject()
        let signed = Self.head + "." + Base64.url.string(writer.bytes.span)
        return signed + "." + Base64.url.string(signature(signed).span)
    }

    /// Whom the token is for, if it was made here for this use and its time has not passed.
    func subject(of token: String, _ kind: Kind, nowNs: Int64) throws(TokenFailure) -> String {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        // Only the one algorithm: a token does not choose how it is checked.
        guard parts.count == 3, parts[0] == Self.head else { throw .malformed }
        guard let given = Self.decoded(parts[2]), let body = Self.decoded(parts[1]) else { throw .malformed }
        let expected = signature("\(parts[0]).\(parts[1])")
        guard ConstantTime.equal(given.span, expected.span) else { throw .forged }
        guard let claims = Self.parsed(body) else { throw .malformed }
        guard let subject = claims["sub"]?.text, claims["use"]?.text == kind.rawValue, let end = claims["exp"]?.int
        else { throw .malformed }
        guard end > Int(nowNs / 1_000_000_000) else { throw .expired }
        return subject
    }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        let bytes = Array(text.utf8)
        do throws(DecodeError) {
            return try Base64.url.decode(bytes.span)
        } catch {
            return nil
        }
    }

    private static func parsed(_ bytes: [UInt8]) -> JSONValue? {
        do throws(JSONError) {
            return try JSONValue.parse(bytes.span, depthMax: 4)
        } catch {
            return nil
        }
    }

    private func signature(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return HashAlgorithm.sha256.authenticate(bytes.span, key: key.span)
    }
}

/// Why a token lets nobody in.
enum TokenFailure: String, Error, Sendable {
    case absent = "no_token"
    case malformed = "bad_token"
    case forged = "forged_token"
    case expired = "expired_token"

    var sentence: String {
        switch self {
        case .absent: "send Authorization: Bearer and the access token that /v1/login gives"
        case .malformed: "the Authorization field holds no token of /v1/login"
        case .forged: "the token was not made here"
        case .expired: "the token's time has passed; get another from /v1/token/refresh"
        }
    }
}

import Crypto
import Encoding

/// What a browser that logged in stands for. Its cookie is a secret of which only the hash is kept.
package struct Session: Sendable, Equatable {
    /// By what the person logged in. It is looked up with every request, so that whoever loses it, or its role, loses the
    /// session too.
    package enum Subject: Sendable, Equatable {
        /// - Parameter proof: of the password's hash, so that another password ends the session.
        case user(name: String, proof: [UInt8])
        case token(hash: [UInt8])
    }

    package let subject: Subject
    package let expiresMs: Int64

    package init(subject: Subject, expiresMs: Int64) {
        (self.subject, self.expiresMs) = (subject, expiresMs)
    }

    /// What ties a session to the password that was in force when it began.
    static func proof(of hash: PasswordHash) -> [UInt8] {
        HashAlgorithm.sha256.hash(hash.text.utf8.span)
    }
}

/// The two cookies of a session: its secret, which no script can read, and a value that the pages of this server read and
/// show with every change they ask for. A page of another site may send requests that carry the cookies, but reads neither.
package enum SessionCookies {
    static let secretName = "obs_session"
    static let proofName = "obs_csrf"
    /// Where a page shows the second.
    static let proofField = "x-csrf-token"
    /// How long a session lasts.
    package static let ageSeconds = 7 * 86_400
    /// A field of cookies is not searched further.
    private static let fieldBytesMax = 8_192

    /// The secret that a request carries; nil where it carries none.
    static func secret(of request: borrowing Request) -> [UInt8]? {
        guard let field = request.header("cookie"), field.count <= fieldBytesMax else { return nil }
        for pair in field.text.split(separator: ";") {
            let pair = pair.drop { $0 == " " }
            guard pair.hasPrefix(secretName), pair.dropFirst(secretName.utf8.count).first == "=" else { continue }
            return Array(pair.utf8.dropFirst(secretName.utf8.count + 1))
        }
        return nil
    }

    /// What a page has to show beside the secret.
    static func proof(of secret: [UInt8]) -> String {
        let text = Array("obs csrf".utf8)
        return Hexadecimal.string(HashAlgorithm.sha256.authenticate(text.span, key: secret.span).span)
    }

    /// Whether a change was asked for by a page of ours.
    static func showsProof(_ request: borrowing Request, _ secret: [UInt8]) -> Bool {
        guard let shown = request.header(proofField) else { return false }
        let known = Array(proof(of: secret).utf8)
        guard shown.count == known.count else { return false }
        var difference: UInt8 = 0
        for place in 0..<known.count { difference |= shown[place] ^ known[place] }
        return difference == 0
    }

    /// The values of `Set-Cookie` that begin a session, or, without a secret, end it.
    package static func values(_ secret: String?, isSecure: Bool) -> [String] {
        let rest = "; Path=/; SameSite=Strict; Max-Age=\(secret == nil ? 0 : ageSeconds)" + (isSecure ? "; Secure" : "")
        return [
            "\(secretName)=\(secret ?? "")\(rest); HttpOnly",
            "\(proofName)=\(secret.map { proof(of: Array($0.utf8)) } ?? "")\(rest)",
        ]
    }
}

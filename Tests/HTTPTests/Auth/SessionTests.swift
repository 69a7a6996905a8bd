import Crypto
import Posix
import TestSupport
import Testing

@testable import HTTP

/// Sessions of browsers: two cookies, a value that only pages of the same server can read, and what ends them.
@Suite struct SessionTests {
    private let server: AuthServer

    init() throws { server = try AuthServer() }

    private func begin(_ subject: Session.Subject, lastsMs: Int64 = 60_000) -> String {
        let secret = BearerToken()
        let session = Session(subject: subject, expiresMs: server.time.wallMs + lastsMs)
        server.sessions.withLock { $0[secret.hash] = session }
        return secret.text
    }

    private var anna: Session.Subject { .user(name: "anna", proof: Session.proof(of: AuthServer.cheapHash)) }

    private func ask(_ path: String, _ secret: String, method: String = "GET", proof: String? = nil) throws -> Int {
        var fields = ["Cookie: theme=dark; obs_session=\(secret); obs_csrf=whatever"]
        if let proof { fields.append("X-CSRF-Token: \(proof)") }
        return try server.request(path, method: method, fields: fields).status
    }

    @Test func aCookieIsWorthWhatItsPersonMay() throws {
        let secret = begin(anna)
        #expect(try ask("/needs/admin", secret) == 200)
        #expect(try server.request("/needs/read", fields: ["Cookie: obs_session=\(secret)"]).text == "user:anna")
        let reader = begin(.token(hash: server.tokens[.read]!.hash))
        #expect(try ask("/needs/read", reader) == 200)
        #expect(try ask("/needs/operate", reader) == 403)
    }

    @Test func aChangeNeedsWhatOnlyAPageOfThisServerCanShow() throws {
        let secret = begin(anna)
        let proof = SessionCookies.proof(of: Array(secret.utf8))
        #expect(try ask("/needs/operate", secret, method: "POST") == 403)
        #expect(try ask("/needs/operate", secret, method: "POST", proof: "whatever") == 403)
        #expect(try ask("/needs/operate", secret, method: "POST", proof: String(proof.dropLast())) == 403)
        let other = SessionCookies.proof(of: Array(begin(anna).utf8))
        #expect(try ask("/needs/operate", secret, method: "POST", proof: other) == 403)
        #expect(try ask("/needs/operate", secret, method: "POST", proof: proof) == 200)
    }

    @Test func aTokenNeedsNoSuchValue() throws {
        let answer = try server.request(
            "/needs/operate", method: "POST", authorization: server.bearer(.operate), body: "x")
        #expect(answer.status == 200)
    }

    @Test func aSessionEndsWithItsTimeItsPasswordAndItsToken() throws {
        let secret = begin(anna, lastsMs: 1_000)
        #expect(try ask("/needs/read", secret) == 200)
        server.time.advance(bySeconds: 1)
        #expect(try ask("/needs/read", secret) == 401)
        let other = begin(.user(name: "anna", proof: Session.proof(of: PasswordHash.cheap("another"))))
        #expect(try ask("/needs/read", other) == 401)
        #expect(try ask("/needs/read", begin(.user(name: "gone", proof: []))) == 401)
        #expect(try ask("/needs/read", begin(.token(hash: BearerToken().hash))) == 401)
        #expect(try ask("/needs/read", "") == 401)
        #expect(try ask("/needs/read", "made-up") == 401)
    }

    @Test func onlyPagesAreNotAskedByTheBrowsersOwnWindow() throws {
        let plain = try server.request("/needs/read")
        #expect(plain["www-authenticate"]?.hasPrefix("Basic") == true)
        let page = try server.request("/needs/read", fields: ["X-Obs-Page: 1"])
        #expect(page.status == 401 && page["www-authenticate"] == nil)
        let wrong = try server.request(
            "/needs/read", authorization: AuthServer.basic("anna", "wrong"), fields: ["X-Obs-Page: 1"])
        #expect(wrong.status == 401 && wrong["www-authenticate"] == nil)
    }

    @Test func theSecretIsHiddenFromScriptsAndNeitherCookieLeavesTheSite() {
        let values = SessionCookies.values("s3cret", isSecure: true)
        #expect(values.count == 2 && values.allSatisfy { $0.contains("; SameSite=Strict") && $0.contains("; Secure") })
        #expect(values[0].hasPrefix("obs_session=s3cret;") && values[0].hasSuffix("; HttpOnly"))
        #expect(!values[1].contains("HttpOnly") && !values[1].contains("s3cret"))
        #expect(
            SessionCookies.values(nil, isSecure: false).allSatisfy { $0.contains("=; ") && $0.contains("Max-Age=0") })
    }
}

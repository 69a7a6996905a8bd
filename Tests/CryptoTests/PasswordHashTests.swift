import TestSupport
import Testing

@testable import Crypto

@Suite struct PasswordHashTests {
    private func matches(_ hash: String, _ password: String) throws -> Bool {
        try PasswordHash(hash).matches(Array(password.utf8).span)
    }

    /// The first from the tests of Openwall's crypt_blowfish, the second from the documentation of Prometheus'
    /// exporter-toolkit (password "test").
    @Test func readsBcryptHashesOfOthers() throws {
        let blowfish = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
        #expect(try matches(blowfish, "U*U"))
        #expect(try matches(blowfish.replacing("$2a$", with: "$2y$"), "U*U"))
        #expect(try matches(blowfish.replacing("$2a$", with: "$2b$"), "U*U"))
        #expect(try !matches(blowfish, "U*V"))
        #expect(try matches("$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay", "test"))
    }

    @Test func aNewHashIsYescryptSaltedAndMatchesOnlyItsPassword() throws {
        let hash = PasswordHash(hashing: "correct horse")
        #expect(hash.text.hasPrefix("$y$"))
        #expect(try PasswordHash(hash.text) == hash)
        #expect(try matches(hash.text, "correct horse"))
        #expect(try !matches(hash.text, "correct horsf"))
        #expect(try !matches(hash.text, ""))
        #expect(PasswordHash(hashing: "correct horse") != hash)
    }

    @Test func theSystemsPerlAgrees() throws {
        let hash = PasswordHash(hashing: "päss wörd")
        let answer = try Peer(["perl", "-e", "print crypt('päss wörd', '\(hash.text)')"]).run(input: [])
        #expect(answer.output == hash.text)
    }

    @Test func passwordsThatTheLibraryDoesNotTakeMatchNothing() throws {
        let hash = PasswordHash(hashing: "a")
        #expect(try !matches(hash.text, "a\0"))
        #expect(try !matches(hash.text, String(repeating: "a", count: 600)))
    }

    @Test(arguments: [
        ("", PasswordHashError.unknownKind), ("secret", .unknownKind), ("*0", .unknownKind),
        ("$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", .unknownKind), ("$2y$05$short", .malformed("bcrypt")),
        ("$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", .tooCostly(31)),
        ("$2y$xx$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", .malformed("bcrypt")),
        ("$y$j9T$abc$short", .malformed("yescrypt")),
    ])
    func whatIsNoHashIsRefusedWithItsReason(text: String, error: PasswordHashError) {
        #expect(throws: error) { try PasswordHash(text) }
    }
}

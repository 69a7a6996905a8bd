import Crypto
import HTTP
import Posix
import TestSupport
import Testing

@testable import Ledger

/// What the pages keep: sessions, dashboards, stars, short addresses.
@Suite struct LedgerPagesTests {
    private let fixture = LedgerFixture()

    private static func dashboard(_ title: String, version: Int64 = 0) -> SavedDashboard {
        SavedDashboard(
            identifier: "d1", title: title, folder: "team", tags: ["a", "b"], body: #"{"title":"\#(title)"}"#,
            version: version)
    }

    @Test func sessionsSurviveARestartAndEndWhenTheyAreEnded() throws {
        let ledger = fixture.ledger()
        let subject = Session.Subject.user(name: "anna", proof: [1, 2, 3])
        let secret = try ledger.createSession(subject)
        let token = try ledger.createSession(.token(hash: [9]))
        let hash = BearerToken.hash(of: Array(secret.utf8).span)
        let session = try #require(try ledger.session(forHash: hash))
        #expect(session.subject == subject)
        #expect(session.expiresMs == fixture.time.wallMs + Int64(SessionCookies.ageSeconds) * 1000)
        let other = fixture.ledger()
        #expect(try other.session(forHash: hash) == session)
        #expect(try other.session(forHash: BearerToken.hash(of: Array(token.utf8).span))?.subject == .token(hash: [9]))
        try other.endSession(hash: hash)
        #expect(try other.session(forHash: hash) == nil)
        #expect(try fixture.ledger().session(forHash: hash) == nil)
    }

    @Test func savedDashboardsSurviveARestart() throws {
        let ledger = fixture.ledger()
        #expect(try ledger.save(Self.dashboard("One"), by: "anna") == 1)
        #expect(try ledger.save(Self.dashboard("Two", version: 1), by: "rené") == 2)
        let other = fixture.ledger()
        let found = try #require(try other.dashboard("d1"))
        #expect(found.title == "Two" && found.version == 2 && found.changedBy == "rené" && found.tags == ["a", "b"])
        #expect(try other.dashboards().map(\.title) == ["Two"])
        try other.deleteDashboard("d1")
        #expect(try fixture.ledger().dashboards().isEmpty)
        #expect(throws: LedgerError.noSuchDashboard("d1")) { try other.deleteDashboard("d1") }
    }

    @Test func ofTwoEditorsTheSecondIsTold() throws {
        let ledger = fixture.ledger()
        _ = try ledger.save(Self.dashboard("One"), by: "anna")
        _ = try ledger.save(Self.dashboard("Two", version: 1), by: "anna")
        #expect(throws: LedgerError.changedDashboard("d1", version: 2, by: "anna")) {
            try ledger.save(Self.dashboard("Three", version: 1), by: "rené")
        }
        #expect(throws: LedgerError.changedDashboard("d1", version: 2, by: "anna")) {
            try ledger.save(Self.dashboard("Three"), by: "rené")
        }
        #expect(try ledger.dashboard("d1")?.title == "Two")
    }

    @Test func whatCannotBeKeptIsRefusedWithTheReason() throws {
        let ledger = fixture.ledger()
        let long = String(repeating: "x", count: SavedDashboard.textBytesMax + 1)
        for one in [
            SavedDashboard(identifier: "a/b", title: "t", body: "{}"),
            SavedDashboard(identifier: "a", title: "", body: ""),
            SavedDashboard(identifier: "a", title: long, body: "{}"),
            SavedDashboard(identifier: "a", title: "t", tags: Array(repeating: "t", count: 33), body: "{}"),
        ] {
            #expect(throws: LedgerError.self) { try ledger.save(one, by: "") }
        }
        #expect(throws: LedgerError.noSuchDashboard("d1")) { try ledger.save(Self.dashboard("t", version: 3), by: "") }
        #expect(try ledger.dashboards().isEmpty)
    }

    @Test func starsAreEachPersonsOwn() throws {
        let ledger = fixture.ledger()
        try ledger.setStar("d1", of: "anna", isSet: true)
        try ledger.setStar("d1", of: "anna", isSet: true)
        try ledger.setStar("d2", of: "rené", isSet: true)
        #expect(try fixture.ledger().stars(of: "anna") == ["d1"])
        try ledger.setStar("d1", of: "anna", isSet: false)
        #expect(try ledger.stars(of: "anna").isEmpty && ledger.stars(of: "rené") == ["d2"])
    }

    @Test func anAddressHasOneShortCode() throws {
        let ledger = fixture.ledger()
        let code = try ledger.shorten("/d/hosts?from=now-1h")
        #expect(try ledger.shorten("/d/hosts?from=now-1h") == code)
        #expect(try ledger.shorten("/d/hosts?from=now-2h") != code)
        #expect(try fixture.ledger().address(ofCode: code) == "/d/hosts?from=now-1h")
        #expect(try ledger.address(ofCode: "none") == nil)
    }
}

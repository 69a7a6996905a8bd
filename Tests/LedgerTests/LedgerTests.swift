import Crypto
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Ledger

@Suite struct LedgerTests {
    private let fixture = LedgerFixture()

    @Test func aTokenGrantsItsRoleUntilItIsRevoked() throws {
        let ledger = fixture.ledger()
        let token = try ledger.createToken(
            name: "ci", role: .ingest, limits: PrincipalLimits(requestsPerSecond: 5, requestsAtOnce: 2), by: "admin")
        let grant = TokenGrant(
            name: "ci", role: .ingest, limits: PrincipalLimits(requestsPerSecond: 5, requestsAtOnce: 2))
        #expect(try ledger.grant(forTokenHash: token.hash) == grant)
        #expect(try ledger.grant(forTokenHash: BearerToken().hash) == nil)
        try ledger.revokeToken(name: "ci", by: "admin")
        #expect(try ledger.grant(forTokenHash: token.hash) == nil)
        #expect(try ledger.latestAuditEntries(9).map(\.event.action) == ["token.revoke", "token.create"])
    }

    @Test func theSecretIsNowhereInTheDirectory() throws {
        let ledger = fixture.ledger()
        let token = try ledger.createToken(name: "ci", role: .read, by: "admin")
        let system = LocalFileSystem()
        for name in try system.list(fixture.directory.file("ledger")) {
            let content = try system.readFile(fixture.directory.file("ledger/" + name), atMostBytes: 1 << 24)
            #expect(!String(decoding: content, as: UTF8.self).contains(token.text.dropFirst(4)), "\(name)")
        }
    }

    @Test func aNameIsTakenWhileItsTokenIsInUse() throws {
        let ledger = fixture.ledger()
        _ = try ledger.createToken(name: "ci", role: .read, by: "admin")
        #expect(throws: LedgerError.nameTaken("ci")) { try ledger.createToken(name: "ci", role: .admin, by: "admin") }
        try ledger.revokeToken(name: "ci", by: "admin")
        #expect(throws: LedgerError.noSuchToken("ci")) { try ledger.revokeToken(name: "ci", by: "admin") }
        _ = try ledger.createToken(name: "ci", role: .admin, by: "admin")
        #expect(try ledger.tokens().map(\.role) == [.admin])
        #expect(try ledger.tokens(includingRevoked: true).map(\.role) == [.admin, .read])
        // What was refused is not in the trail: nothing was changed.
        #expect(try ledger.verifyAudit().entriesChecked == 3)
    }

    @Test(arguments: ["", "a b", "é", "a\nb", String(repeating: "a", count: 65)])
    func aNameThatIsNoneIsRefused(name: String) throws {
        #expect(throws: LedgerError.invalidName(name)) {
            try fixture.ledger().createToken(name: name, role: .read, by: "admin")
        }
    }

    @Test func whatAnotherProcessDoesIsSeenAfterAFlush() throws {
        let ledger = fixture.ledger()
        let first = try ledger.createToken(name: "one", role: .read, by: "admin")
        ledger.flush()
        let other = fixture.ledger()
        let second = try other.createToken(name: "two", role: .operate, by: "shell")
        try other.revokeToken(name: "one", by: "shell")
        ledger.flush()
        #expect(try ledger.grant(forTokenHash: first.hash) == nil)
        #expect(try ledger.grant(forTokenHash: second.hash)?.role == .operate)
    }

    @Test func lastUseIsWrittenDown() throws {
        let ledger = fixture.ledger()
        let token = try ledger.createToken(name: "ci", role: .read, by: "admin")
        #expect(try ledger.tokens()[0].lastUsedMs == nil)
        fixture.time.advance(bySeconds: 5)
        _ = try ledger.grant(forTokenHash: token.hash)
        #expect(try ledger.tokens()[0].lastUsedMs == fixture.time.wallMs)
    }

    @Test func nothingIsOpenedBeforeTheFirstUse() throws {
        let ledger = fixture.ledger()
        ledger.flush()
        #expect(try LocalFileSystem().status(at: fixture.directory.file("ledger")) == nil)
    }

    @Test func equalRefusalsCountAsOneAndAFloodCostsFewEntries() throws {
        let ledger = fixture.ledger()
        func refusal(_ peer: String) -> AuditEvent {
            AuditEvent(atMs: 1, principal: peer, action: "refused", target: "GET /", outcome: "401")
        }
        for _ in 0..<500 { ledger.recordRefusal(refusal("10.0.0.1")) }
        for number in 0..<1_000 { ledger.recordRefusal(refusal("10.1.\(number / 256).\(number % 256)")) }
        ledger.flush()
        let entries = try ledger.latestAuditEntries(100)
        #expect(entries.count == AuditQueue.refusalsMax + 1)
        #expect(entries.reduce(0) { $0 + $1.event.count } == 1_500)
        #expect(entries.first { $0.event.principal == "10.0.0.1" }?.event.count == 500)
        #expect(entries.first { $0.event.principal == "several" }?.event.count == 1_000 - AuditQueue.refusalsMax + 1)
    }

    @Test func eventsThatCannotBeWrittenWaitForTheNextFlush() throws {
        let system = FaultyFileSystem()
        let ledger = fixture.ledger(over: system)
        ledger.record(LedgerFixture.event(1))
        system.inject(Fault(.fail(28), at: 1, onwards: true))
        ledger.flush()
        #expect(fixture.registry.counter("obs_ledger_failures_total", "").total == 1)
        ledger.record(LedgerFixture.event(2))
        system.inject(nil)
        ledger.flush()
        #expect(try ledger.latestAuditEntries(9).map(\.event.target) == ["t2", "t1"])
        #expect(try ledger.verifyAudit().findings == [])
    }

    @Test func theQueueIsBoundedAndWhatIsLostIsCounted() throws {
        let ledger = fixture.ledger()
        for number in 0..<AuditQueue.capacity + 3 { ledger.record(LedgerFixture.event(number)) }
        #expect(fixture.registry.counter("obs_ledger_audit_entries_lost_total", "").total == 3)
    }

    @Test func theThreadWritesByItselfAndStopsWithEverythingWritten() throws {
        let ledger = fixture.ledger()
        try ledger.start()
        ledger.record(LedgerFixture.event(1))
        ledger.stop()
        #expect(try fixture.ledger().latestAuditEntries(9).count == 1)
    }

    @Test func aBackupHoldsTokensAndTrail() throws {
        let ledger = fixture.ledger()
        let token = try ledger.createToken(name: "ci", role: .read, by: "admin")
        let copy = TemporaryDirectory()
        try ledger.backUp(to: copy.path)
        // Once more, over the first.
        _ = try ledger.createToken(name: "cd", role: .read, by: "admin")
        try ledger.backUp(to: copy.path)
        let restored = Ledger(directory: copy.path, registry: fixture.registry)
        #expect(try restored.grant(forTokenHash: token.hash)?.name == "ci")
        #expect(try restored.integrityFindings() == [])
        let report = try restored.verifyAudit()
        #expect(report.findings == [])
        #expect(report.entriesChecked == 2)
    }
}

import Databases
import Encoding
import Posix
import TestSupport
import Testing

@testable import Ledger

/// Someone with a database tool and with the rights to write every file beside it, one way after the other.
@Suite struct AuditTamperingTests {
    private let fixture = LedgerFixture()

    private func filled(_ count: Int = 20) throws -> AuditTrail {
        let trail = try fixture.trail()
        try trail.append((1...count / 2).map(LedgerFixture.event))
        try trail.append((count / 2 + 1...count).map(LedgerFixture.event))
        #expect(try trail.verify().findings == [])
        return trail
    }

    private func tamper(_ trail: AuditTrail, _ statements: String...) throws {
        try trail.database.write { connection throws(SQLiteError) in
            for statement in statements { try connection.script(statement) }
        }
    }

    @Test func anUntouchedTrailHasNoFindingAndItsHeadIsItsLastEntry() throws {
        let trail = try filled()
        let report = try trail.verify()
        #expect(report.entriesChecked == 20)
        #expect(report.head == (try trail.latest(1)[0]).point)
        #expect(report.absentEntries == [])
    }

    @Test(arguments: [
        "at_ms = at_ms + 1", "principal = 'x'", "action = 'x'", "target = 'x'", "outcome = 'x'", "details = 'x'",
        "count = 2", "hash = zeroblob(32)", "principal = principal || substr(action, 1, 1), action = substr(action, 2)",
    ])
    func aChangeOfAnyColumnIsFound(change: String) throws {
        for sequence in [1, 10, 20] {
            let fixture = LedgerFixture()
            let trail = try fixture.trail()
            try trail.append((1...20).map(LedgerFixture.event))
            try tamper(trail, "UPDATE audit SET \(change) WHERE sequence = \(sequence)")
            let findings = try trail.verify().findings
            #expect(findings.contains { $0.contains("entry \(sequence) in the table was changed") }, "\(findings)")
        }
    }

    @Test func aRemovedEntryIsFoundByItsGap() throws {
        let trail = try filled()
        try tamper(trail, "DELETE FROM audit WHERE sequence IN (7, 8)")
        #expect(try trail.verify().findings == ["entries 7 to 8 are missing from the table"])
    }

    @Test func aRemovedEntryIsFoundThoughTheOthersMoveUp() throws {
        let trail = try filled()
        try tamper(
            trail, "DELETE FROM audit WHERE sequence = 7",
            "UPDATE audit SET sequence = -(sequence - 1) WHERE sequence > 7",
            "UPDATE audit SET sequence = -sequence WHERE sequence < 0")
        #expect(
            try trail.verify().findings.contains(
                "entry 7 in the table was changed: its hash does not follow from its content"))
    }

    @Test func aSwapOfTwoEntriesIsFound() throws {
        let trail = try filled()
        try tamper(
            trail, "UPDATE audit SET sequence = -4 WHERE sequence = 4",
            "UPDATE audit SET sequence = 4 WHERE sequence = 5", "UPDATE audit SET sequence = 5 WHERE sequence = -4")
        #expect(try trail.verify().findings.count >= 2)
    }

    @Test func anEntryThatWasCutInIsFound() throws {
        let trail = try filled()
        try tamper(trail, "INSERT INTO audit SELECT 0, 1, 'x', 'x', 'x', 'x', 'x', 1, zeroblob(32)")
        #expect(try trail.verify().findings.first == "entry 0 in the table stands behind entry 0")
    }

    @Test func aCutOffEndIsFoundByTheAnchor() throws {
        let trail = try filled()
        try tamper(trail, "DELETE FROM audit WHERE sequence > 15")
        #expect(try trail.verify().findings == ["entries 16 to 20 were cut off: the anchor has them"])
        try tamper(trail, "DELETE FROM audit")
        #expect(try trail.verify().findings == ["entries 1 to 20 were cut off: the anchor has them"])
    }

    @Test func aCutOffBeginningIsFoundByTheAnchor() throws {
        let trail = try filled()
        let fifth = try #require(try trail.latest(20).first { $0.sequence == 5 })
        let hash = Hexadecimal.string(fifth.hash.span)
        try tamper(
            trail, "DELETE FROM audit WHERE sequence <= 5", "UPDATE audit_start SET sequence = 5, hash = x'\(hash)'")
        #expect(try trail.verify().findings == ["the table begins behind entry 5, the anchor says 0"])
    }

    @Test func anEntryAppendedWithACorrectHashIsFoundByTheAnchor() throws {
        let trail = try filled()
        let forged = try trail.latest(1)[0].point.next(LedgerFixture.event(99))
        try trail.database.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT INTO audit VALUES (21, 99, 'p0', 'silence.add', 't99', 'ok', '', 1, ?)", .blob(forged.hash))
        }
        #expect(
            try trail.verify().findings
                == ["entries behind 20 were added by something else than obs: the anchor ends there"])
    }

    @Test func aTrailThatWasComputedAnewIsFoundByTheAnchorOrByAKnownHead() throws {
        let trail = try filled()
        let known = try trail.verify().head
        var point = AuditPoint.origin
        for number in 1...20 {
            var event = LedgerFixture.event(number)
            if number == 3 { event.principal = "somebody else" }
            let entry = point.next(event)
            point = entry.point
            try trail.database.write { connection throws(SQLiteError) in
                try connection.run(
                    "UPDATE audit SET principal = ?, hash = ? WHERE sequence = ?", .text(event.principal),
                    .blob(entry.hash), .integer(number))
            }
        }
        #expect(
            try trail.verify().findings == ["the trail was rewritten: entry 20 is not the one that was anchored"])
        // Even with the anchor rewritten, a head that was noted elsewhere tells.
        try trail.head.write(AuditHead(settled: AuditExtent(start: .origin, end: point)))
        #expect(try trail.verify().findings == [])
        #expect(try trail.verify(known: known).findings == ["the trail does not go through the given head, entry 20"])
    }

    @Test func aMissingOrBrokenAnchorIsFound() throws {
        let trail = try filled()
        try LocalFileSystem().removeFile(trail.head.path)
        #expect(try trail.verify().findings == ["the anchor \(trail.head.path) is missing"])
        try LocalFileSystem().replaceFile(trail.head.path, with: Array("nonsense".utf8).span)
        #expect(try trail.verify().findings.first?.contains("cannot be read") == true)
    }

    @Test func whatWasFoundOnceIsNotHealedByTheNextAppend() throws {
        let trail = try filled()
        try tamper(trail, "DELETE FROM audit WHERE sequence > 15")
        try trail.append([LedgerFixture.event(100)])
        let findings = try trail.verify().findings
        #expect(findings.count == 1)
        #expect(findings.first?.contains("tells of tampering found then") == true)
        #expect(findings.first?.contains("1 to 20") == true)
    }

    @Test func changesInAnArchiveAreFound() throws {
        let trail = try filled(30)
        try trail.rotate(entriesMax: 20, archivedAtOnce: 15)
        #expect(try trail.verify().findings == [])
        let path = FilePath.join(trail.archive.directory, try trail.archive.segments()[0].name)
        let content = try LocalFileSystem().readFile(path, atMostBytes: 1 << 20)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<100 {
            var damaged = content
            damaged[Int.random(in: 0..<content.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try LocalFileSystem().replaceFile(path, with: damaged.span)
            #expect(try !trail.verify().findings.isEmpty, "seed \(random.seed)")
        }
        for end in stride(from: 0, to: content.count, by: 67) {
            try LocalFileSystem().replaceFile(path, with: Array(content[..<end]).span)
            #expect(try !trail.verify().findings.isEmpty, "cut to \(end) bytes")
        }
    }
}

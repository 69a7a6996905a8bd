import Databases
import Encoding
import Posix
import TestSupport
import Testing

@testable import Ledger

@Suite struct AuditTrailTests {
    private let fixture = LedgerFixture()

    @Test func entriesComeBackAsTheyWereMade() throws {
        let trail = try fixture.trail()
        let event = AuditEvent(
            atMs: 123, principal: "é", action: "a", target: "", outcome: "x\u{0}y", details: "'; DROP TABLE audit",
            count: 7)
        try trail.append([event, LedgerFixture.event(2)])
        let entries = try trail.latest(10)
        #expect(entries.map(\.event) == [LedgerFixture.event(2), event])
        #expect(entries.map(\.sequence) == [2, 1])
    }

    /// The hash, computed from the format page by Python.
    @Test func theHashIsTheOneOfTheFormatPage() throws {
        let script = """
            import hashlib, struct
            def entry(seq, at, count, *texts):
                b = struct.pack("<qqq", seq, at, count)
                for t in texts:
                    b += struct.pack("<I", len(t.encode())) + t.encode()
                return b
            h = bytes(32)
            h = hashlib.sha256(h + entry(1, 1, 1, "p1", "silence.add", "t1", "ok", "")).digest()
            h = hashlib.sha256(h + entry(2, 2, 1, "p2", "silence.add", "t2", "ok", "")).digest()
            print(h.hex())
            """
        let trail = try fixture.trail()
        try trail.append([LedgerFixture.event(1), LedgerFixture.event(2)])
        let bytes = try trail.latest(1)[0].hash
        let hash = Hexadecimal.string(bytes.span)
        #expect(try Peer.python(script).run(input: []).output == hash + "\n")
    }

    @Test func longTextsAreCut() throws {
        let trail = try fixture.trail()
        var event = LedgerFixture.event(1)
        event.target = String(repeating: "x", count: 100_000)
        try trail.append([event])
        #expect(try trail.latest(1)[0].event.target.utf8.count == AuditEvent.textBytesMax)
    }

    @Test func rotationKeepsTheTableBoundedAndTheChainWhole() throws {
        let trail = try fixture.trail()
        for first in stride(from: 1, through: 91, by: 5) {
            try trail.append((first...first + 4).map(LedgerFixture.event))
            try trail.rotate(entriesMax: 20, archivedAtOnce: 10)
        }
        let report = try trail.verify()
        #expect(report.findings == [])
        #expect(report.entriesChecked == 95)
        #expect(report.head.sequence == 95)
        #expect(try trail.latest(100).count <= 20)
        #expect(try trail.archive.segments().map(\.last) == [10, 20, 30, 40, 50, 60, 70, 80])
    }

    @Test func archivesThatWereMovedAwayAreToldNotFound() throws {
        let trail = try fixture.trail()
        try trail.append((1...60).map(LedgerFixture.event))
        for _ in 0..<4 { try trail.rotate(entriesMax: 20, archivedAtOnce: 10) }
        let segments = try trail.archive.segments()
        try LocalFileSystem().removeFile(FilePath.join(trail.archive.directory, segments[0].name))
        #expect(try trail.verify().absentEntries == [1...10])
        #expect(try trail.verify().findings == [])
        for segment in segments.dropFirst() {
            try LocalFileSystem().removeFile(FilePath.join(trail.archive.directory, segment.name))
        }
        #expect(try trail.verify().absentEntries == [1...40])
        #expect(try trail.verify().findings == [])
    }

    /// Each system call of an append and a rotation fails once: afterwards the trail is whole, with or without the
    /// events whose append reported an error.
    @Test func aFailureOfAnyFileCallLeavesAWholeTrail() throws {
        var number = 1
        while true {
            let fixture = LedgerFixture()
            let system = FaultyFileSystem()
            let trail = try fixture.trail(over: system)
            try trail.append((1...12).map(LedgerFixture.event))
            system.inject(Fault(.fail(5), at: number))
            var failed = false
            do {
                try trail.append([LedgerFixture.event(13)])
                try trail.rotate(entriesMax: 10, archivedAtOnce: 5)
            } catch {
                failed = true
            }
            system.inject(nil)
            #expect(try trail.verify().findings == [], "call \(number)")
            try trail.append([LedgerFixture.event(14)])
            try trail.rotate(entriesMax: 10, archivedAtOnce: 5)
            #expect(try trail.verify().findings == [], "call \(number)")
            #expect(try trail.latest(1)[0].event == LedgerFixture.event(14))
            if !failed { break }
            number += 1
            try #require(number < 100)
        }
        #expect(number > 8)
    }

    @Test func twoProcessesShareOneChain() throws {
        let trails = [try fixture.trail(), try fixture.trail()]
        let failures = Lock<[String]>([])
        let threads = try trails.enumerated().map { index, trail in
            try OwnedThread(name: "trail-\(index)") {
                for number in 0..<20 {
                    do {
                        try trail.append([LedgerFixture.event(index * 100 + number)])
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == [])
        let report = try trails[0].verify()
        #expect(report.findings == [])
        #expect(report.entriesChecked == 40)
    }
}

import Glibc
import Journal
import Posix
import TestSupport
import Testing

/// Whatever call fails, what was acknowledged is there once, and what was refused is not.
@Suite struct JournalFaultTests {
    private static let syncs: [JournalSync] = [.onRequest, .always]

    /// Appends over several segments, going on after failures, and drops some. Returns the records that must come back,
    /// and those that may because only their sync failed.
    private func work(
        _ fixture: JournalFixture, _ system: FaultyFileSystem
    ) -> (kept: [TestRecord], unsynced: [TestRecord]) {
        var kept: [TestRecord] = []
        var unsynced: [TestRecord] = []
        guard let journal = try? Journal(fixture.options, in: system) else { return ([], []) }  // nothing was appended
        var appender = journal.makeAppender()
        for number in 0..<12 {
            let record = TestRecord.numbered(number, bytes: number * 40)
            do throws(JournalError) {
                _ = try appender.append(type: record.type, record.payload.span)
                kept.append(record)
            } catch .cannotSync {
                unsynced.append(record)
            } catch {
                continue
            }
        }
        try? journal.close()  // whether the last sync failed is no matter: the process ends, not the power
        return (kept, unsynced)
    }

    @Test(arguments: syncs.indices, [false, true])
    func acknowledgedRecordsComeBackAndRefusedOnesDoNot(sync: Int, onwards: Bool) throws {
        for effect in [Fault.Effect.fail(EIO), .fail(ENOSPC), .tear(ENOSPC), .short] {
            try withEachFault(effect, onwards: onwards, limit: 500) { faulty, number in
                let fixture = JournalFixture(segmentBytes: 600, sync: Self.syncs[sync])
                let (kept, unsynced) = work(fixture, faulty)
                if case .short = effect { #expect(kept.count == 12) }
                let found = try fixture.recover()
                #expect(found.records.filter { !unsynced.contains($0) } == kept, "call \(number)")
                #expect(found.records.count <= kept.count + unsynced.count, "call \(number)")
                let losses = found.recovery.notices.filter { if case .tornTail = $0 { false } else { true } }
                #expect(losses == [], "call \(number)")
                try fixture.append([.numbered(99)])
                let again = try fixture.recover()
                #expect(again.records == found.records + [.numbered(99)], "call \(number)")
                #expect(again.recovery.notices == [], "call \(number)")
            }
        }
    }

    @Test func aFullDeviceRefusesAndWhatComesAfterwardsIsSound() throws {
        let fixture = JournalFixture()
        let faulty = FaultyFileSystem()
        try fixture.withJournal(in: faulty) { journal in
            var appender = journal.makeAppender()
            _ = try appender.append(type: 1, [1].span)
            faulty.inject(Fault(.tear(ENOSPC), at: 1, onwards: true, of: [.append]))
            for _ in 0..<3 {
                let error = #expect(throws: JournalError.self) {
                    try appender.append(type: 1, TestRecord.numbered(5).payload.span)
                }
                #expect(error?.isNoSpace == true)
            }
            faulty.inject(nil)
            _ = try appender.append(type: 1, [2].span)
        }
        let found = try fixture.recover()
        #expect(found.records == [TestRecord(payload: [1]), TestRecord(payload: [2])])
        #expect(found.recovery.notices == [])
        #expect(try fixture.segments().filter { $0.bytes.count > 32 }.count == 1)
    }

    @Test func bytesThatCouldNotBeCutOffAreNotRead() throws {
        let fixture = JournalFixture()
        let faulty = FaultyFileSystem()
        try fixture.withJournal(in: faulty) { journal in
            var appender = journal.makeAppender()
            _ = try appender.append(type: 1, [1].span)
            // The whole record lands, the call says it did not, and it cannot be taken back.
            faulty.inject(Fault(.failAfter(EIO), at: 1, onwards: true, of: [.append, .truncate]))
            #expect(throws: JournalError.self) { try appender.append(type: 1, [66].span) }
            faulty.inject(nil)
            _ = try appender.append(type: 1, [2].span)
        }
        let found = try fixture.recover()
        #expect(found.records == [TestRecord(payload: [1]), TestRecord(payload: [2])])
        #expect(found.recovery.notices == [])
    }

    @Test func afterAFailedSyncTheNextRecordGoesIntoAnotherSegment() throws {
        let fixture = JournalFixture(sync: .always)
        let faulty = FaultyFileSystem()
        try fixture.withJournal(in: faulty) { journal in
            var appender = journal.makeAppender()
            _ = try appender.append(type: 1, [1].span)
            faulty.inject(Fault(.fail(EIO), at: 1, of: [.sync]))
            let synced = journal.syncedEnd
            let error = #expect(throws: JournalError.self) { try appender.append(type: 1, [2].span) }
            #expect(
                error?.description.hasPrefix("the journal took the record but cannot bring it to the device") == true)
            #expect(journal.syncedEnd == synced)
            let end = try appender.append(type: 1, [3].span)
            #expect(journal.syncedEnd == end)
        }
        #expect(try fixture.segments().map(\.bytes.count) == [32 + 17 + 17, 32 + 17])
        #expect(try fixture.recover().records.map(\.payload) == [[1], [2], [3]])
    }

    @Test func droppingFailsWithoutHarm() throws {
        try withEachFault(.fail(EIO), of: FileCall.changes) { faulty, number in
            let fixture = JournalFixture(segmentBytes: 600)
            let positions = try fixture.append(
                (0..<12).map { TestRecord(payload: [UInt8](repeating: UInt8($0), count: 100)) })
            _ = try? fixture.withJournal(in: faulty) { try $0.drop(before: positions[7]) }  // what is left counts
            let found = try fixture.recover(from: positions[7])
            #expect(found.records.map { $0.payload[0] } == [8, 9, 10, 11], "call \(number)")
            #expect(found.recovery.notices == [])
        }
    }
}

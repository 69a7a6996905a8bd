import Journal
import Posix
import TestSupport
import Testing

@Suite struct JournalTests {
    @Test func recordsComeBackInOrderWithTheirPositions() throws {
        let fixture = JournalFixture()
        let records = (0..<50).map { TestRecord.numbered($0, bytes: $0 * 37) }
        let positions = try fixture.append(records)
        #expect(positions == positions.sorted())
        let found = try fixture.recover()
        #expect(found.records == records)
        #expect(found.positions == positions)
        #expect(found.recovery.notices == [])
    }

    @Test func recordsOfSeveralProcessesFollowEachOther() throws {
        let fixture = JournalFixture()
        var records: [TestRecord] = []
        for process in 0..<5 {
            let own = (0..<3).map { TestRecord.numbered(process * 3 + $0) }
            try fixture.append(own)
            records += own
        }
        #expect(try fixture.recover().records == records)
    }

    @Test func randomRecordsOfAllSizesSurviveSmallSegments() throws {
        var random = SeededGenerator(seed: 20_261_120)
        let fixture = JournalFixture(segmentBytes: 20_000)
        let records = (0..<200).map { number in
            number % 3 == 0
                ? TestRecord.numbered(number, bytes: .random(in: 0...60_000, using: &random))
                : TestRecord.random(&random, bytes: .random(in: 0...5_000, using: &random))
        }
        try fixture.append(records)
        #expect(try fixture.segments().count > 10)
        #expect(try fixture.recover().records == records, "seed \(random.seed)")
    }

    @Test func aRecordLargerThanTheReadersWindowComesBack() throws {
        var random = SeededGenerator(seed: 7)
        let fixture = JournalFixture()
        let records = [
            TestRecord.numbered(1), TestRecord.random(&random, bytes: 3 << 20), TestRecord.numbered(2),
            TestRecord.numbered(3, bytes: 5 << 20),
        ]
        try fixture.append(records)
        #expect(try fixture.recover().records == records)
    }

    @Test func replayBeginsBehindAnyPosition() throws {
        let fixture = JournalFixture(segmentBytes: 1000)
        let records = (0..<20).map { TestRecord.numbered($0, bytes: 100) }
        let positions = try fixture.append(records)
        for (index, position) in positions.enumerated() {
            let found = try fixture.recover(from: position)
            #expect(found.records == Array(records[(index + 1)...]))
            #expect(found.recovery.notices == [])
        }
    }

    @Test func anOwnerThatCoversMoreThanTheJournalHoldsGetsLaterPositions() throws {
        let fixture = JournalFixture()
        let covered = JournalPosition(1_000_000)
        let end = try fixture.withJournal(startingAt: covered) { journal in
            var appender = journal.makeAppender()
            return try appender.append(type: 1, [1, 2, 3].span)
        }
        #expect(end > covered)
        #expect(try fixture.recover(from: covered).records == [TestRecord(payload: [1, 2, 3])])
    }

    @Test func opensWithoutRecordsLeaveOneSegment() throws {
        let fixture = JournalFixture()
        for _ in 0..<10 { try fixture.withJournal { _ in } }
        #expect(try fixture.segments().count == 1)
    }

    @Test func segmentsAreDroppedOnceTheyEndBeforeThePosition() throws {
        let fixture = JournalFixture(segmentBytes: 1000)
        try fixture.withJournal { journal in
            var appender = journal.makeAppender()
            let positions = try (0..<40).map {
                try appender.append(type: 1, TestRecord.numbered($0, bytes: 100).payload.span)
            }
            let before = journal.heldBytes
            try journal.drop(before: positions[20])
            #expect(journal.heldBytes < before)
            #expect(journal.heldBytes == (try fixture.segments().reduce(0) { $0 + $1.bytes.count }))
            _ = try appender.append(type: 9, [42].span)
        }
        let found = try fixture.recover()
        #expect(
            found.records.suffix(20) == (21..<40).map {
                TestRecord(payload: TestRecord.numbered($0, bytes: 100).payload)
            } + [TestRecord(type: 9, payload: [42])])
        #expect(found.recovery.notices == [])
    }

    @Test func droppingEverythingLeavesAnEmptySegmentBehindThePosition() throws {
        let fixture = JournalFixture()
        let positions = try fixture.append((0..<10).map { .numbered($0) })
        try fixture.withJournal { journal in
            try journal.drop(before: journal.end)
            #expect(journal.end > positions.last!)
        }
        #expect(try fixture.segments().count == 1)
        #expect(try fixture.recover().records == [])
        try fixture.append([.numbered(1)])
        #expect(try fixture.recover(from: positions.last!).records == [.numbered(1)])
    }

    @Test func appendingGoesOnWhileEarlierRecordsAreReplayed() throws {
        let fixture = JournalFixture()
        let first = (0..<10).map { TestRecord.numbered($0) }
        try fixture.append(first)
        try fixture.withJournal { journal in
            var appender = journal.makeAppender()
            _ = try appender.append(type: 9, [1].span)
            #expect(try JournalFixture.replay(journal).records == first)
            _ = try appender.append(type: 9, [2].span)
        }
        #expect(
            try fixture.recover().records
                == first + [TestRecord(type: 9, payload: [1]), TestRecord(type: 9, payload: [2])])
    }

    @Test func aRecordBeyondTheLimitIsRefusedByName() throws {
        var fixture = JournalFixture()
        fixture.options.recordBytesMax = 1000
        try fixture.withJournal { journal in
            var appender = journal.makeAppender()
            let large = [UInt8](repeating: 0, count: 1001)
            let error = #expect(throws: JournalError.self) { try appender.append(type: 1, large.span) }
            #expect(
                error?.description
                    == "the journal cannot take a record of 1001 bytes: the limit is 1000 bytes")
            _ = try appender.append(type: 1, large.span.extracting(first: 1000))
        }
        #expect(try fixture.recover().records.count == 1)
    }

    @Test func aClosedJournalTakesNothing() throws {
        let fixture = JournalFixture()
        let journal = try Journal(fixture.options)
        var appender = journal.makeAppender()
        try journal.close()
        try journal.close()
        #expect(throws: JournalError.closed) { try appender.append(type: 1, [1].span) }
    }

    @Test func writersOnSeveralThreadsEachKeepTheirOrder() throws {
        let fixture = JournalFixture(segmentBytes: 10_000, sync: .always)
        try fixture.withJournal { journal in
            let writers = try (1...4).map { number in
                try OwnedThread(name: "writer \(number)") {
                    var appender = journal.makeAppender()
                    for index in 0..<100 {
                        let payload = Array("\(index) ".utf8) + [UInt8](repeating: 65, count: index * 7)
                        #expect(throws: Never.self) {
                            let end = try appender.append(type: UInt8(number), payload.span)
                            #expect(journal.syncedEnd >= end)
                        }
                    }
                }
            }
            for writer in writers { writer.join() }
        }
        let found = try fixture.recover()
        #expect(found.records.count == 400)
        for number in 1...4 {
            let own = found.records.filter { $0.type == UInt8(number) }
            let indices = own.map { Int(String(decoding: $0.payload.prefix { $0 != 32 }, as: UTF8.self)) }
            #expect(indices == Array(0..<100))
        }
    }

    @Test func theSyncThreadBringsRecordsToTheDevice() throws {
        let fixture = JournalFixture(sync: .interval(ns: 1_000_000))
        try fixture.withJournal { journal in
            var appender = journal.makeAppender()
            let end = try appender.append(type: 1, [1].span)
            let deadline = SystemTime().monotonicNs + 30_000_000_000
            while journal.syncedEnd < end && SystemTime().monotonicNs < deadline {}
            #expect(journal.syncedEnd >= end)
        }
    }
}

import Encoding
import Foundation
import Journal
import Posix
import TestSupport
import Testing

/// What the end of a process, or a device, left of segments.
@Suite struct JournalDamageTests {
    /// Three small records, the first of which compresses.
    private let records = [
        TestRecord.numbered(1, bytes: 150), TestRecord(type: 2, payload: [9, 8, 7]), TestRecord(type: 3, payload: []),
    ]

    @Test func aSegmentCutOffAtAnyByteGivesItsWholeRecordsAndGoesOn() throws {
        let whole = JournalFixture()
        let ends = try whole.append(records).map { Int($0.value) }
        let bytes = try #require(try whole.segments().first).bytes
        for length in 0..<bytes.count {
            let fixture = JournalFixture()
            try LocalFileSystem().createDirectories(fixture.options.directory)
            try fixture.write(Array(bytes[..<length]), to: "0000000000000000.journal")
            let expected = Array(records[..<ends.filter { $0 <= length }.count])
            let found = try fixture.recover()
            #expect(found.records == expected, "cut off at \(length)")
            let isBetweenRecords = length <= 32 || ends.contains(length)
            let lastEnd = ends.last { $0 <= length } ?? 32
            let notice = JournalNotice.tornTail(
                path: "\(fixture.options.directory)/0000000000000000.journal", offset: lastEnd, bytes: length - lastEnd)
            #expect(found.recovery.notices == (isBetweenRecords ? [] : [notice]), "cut off at \(length)")
            let more = [TestRecord.numbered(7)]
            try fixture.append(more)
            let again = try fixture.recover()
            #expect(again.records == expected + more, "cut off at \(length)")
            #expect(again.recovery.notices == [], "cut off at \(length)")
        }
    }

    @Test func zerosBehindTheLastRecordAreCutOffToo() throws {
        let fixture = JournalFixture()
        try fixture.append(records)
        let segment = try #require(try fixture.segments().first)
        try fixture.write(segment.bytes + [UInt8](repeating: 0, count: 5_000), to: segment.name)
        let found = try fixture.recover()
        #expect(found.records == records)
        #expect(
            found.recovery.notices == [
                .tornTail(
                    path: "\(fixture.options.directory)/\(segment.name)", offset: segment.bytes.count, bytes: 5_000)
            ])
        #expect(try fixture.content(segment.name) == segment.bytes)
    }

    @Test func aFlippedBitInAnyByteCostsOneRecordAndTheOriginalIsKept() throws {
        let whole = JournalFixture()
        let ends = [32] + (try whole.append(records).map { Int($0.value) })
        let bytes = try #require(try whole.segments().first).bytes
        for index in 32..<bytes.count {
            let fixture = JournalFixture()
            try LocalFileSystem().createDirectories(fixture.options.directory)
            var damaged = bytes
            damaged[index] ^= 1 << UInt8(index % 8)
            try fixture.write(damaged, to: "0000000000000000.journal")
            let hit = ends.lastIndex { $0 <= index }!
            let expected = records.indices.filter { $0 != hit }.map { records[$0] }
            let found = try fixture.recover()
            #expect(found.records == expected, "byte \(index)")
            // A length that points beyond the end cannot be told from a write that was cut short.
            if case .tornTail(_, let offset, _) = found.recovery.notices.first {
                #expect(offset == ends[hit] && hit == records.count - 1, "byte \(index)")
                continue
            }
            let copy = "\(fixture.options.directory)/quarantine/0000000000000000.journal"
            #expect(
                found.recovery.notices == [
                    .corrupt(
                        path: "\(fixture.options.directory)/0000000000000000.journal", offset: ends[hit],
                        bytes: ends[hit + 1] - ends[hit], copy: copy)
                ], "byte \(index)")
            #expect(try fixture.content("quarantine/0000000000000000.journal") == damaged)
            let again = try fixture.recover()
            #expect(again.records == expected, "byte \(index)")
            #expect(again.recovery.notices == [], "byte \(index)")
        }
    }

    @Test func aFlippedBitInAHeaderPutsTheSegmentAside() throws {
        for index in 0..<32 where index != 7 {
            let fixture = JournalFixture()
            try fixture.append(records)
            let segment = try #require(try fixture.segments().first)
            var damaged = segment.bytes
            damaged[index] ^= 0x20
            try fixture.write(damaged, to: segment.name)
            let found = try fixture.recover()
            #expect(found.records == [])
            let copy = "\(fixture.options.directory)/quarantine/\(segment.name)"
            #expect(
                found.recovery.notices == [
                    .unreadable(
                        path: "\(fixture.options.directory)/\(segment.name)", bytes: damaged.count, copy: copy)
                ])
            #expect(try fixture.content("quarantine/\(segment.name)") == damaged)
            try fixture.append([.numbered(1)])
            let again = try fixture.recover()
            #expect(again.records == [.numbered(1)])
            #expect(again.recovery.notices == [])
        }
    }

    @Test func aSegmentOfAnotherVersionIsRefusedAndLeft() throws {
        let fixture = JournalFixture()
        try fixture.append(records)
        let segment = try #require(try fixture.segments().first)
        var other = segment.bytes
        other[7] = 2
        var checksum: [UInt8] = []
        checksum.appendLittleEndian(CRC32C.of(other.span.extracting(..<28)))
        other.replaceSubrange(28..<32, with: checksum)
        try fixture.write(other, to: segment.name)
        let path = "\(fixture.options.directory)/\(segment.name)"
        #expect(throws: JournalError.unknownVersion(path: path, version: 2)) { try fixture.recover() }
        #expect(try fixture.content(segment.name) == other)
    }

    @Test func aVersionThatIsOnlyAFlippedBitIsDamage() throws {
        let fixture = JournalFixture()
        try fixture.append(records)
        let segment = try #require(try fixture.segments().first)
        for bit in 0..<8 {
            var flipped = segment.bytes
            flipped[7] ^= 1 << UInt8(bit)
            try fixture.write(flipped, to: segment.name)
            #expect(try !fixture.recover().recovery.notices.isEmpty)
        }
    }

    @Test func manyDamagedStretchesInManySegmentsLeaveTheRest() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let fixture = JournalFixture(segmentBytes: 4_000)
            let records = (0..<100).map { TestRecord.numbered($0, bytes: .random(in: 0...600, using: &random)) }
            let ends = try fixture.append(records).map { Int($0.value) }
            var hit: Set<Int> = []
            for segment in try fixture.segments() {
                let base = try #require(Int(segment.name.dropLast(8), radix: 16))
                var damaged = segment.bytes
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    let index = Int.random(in: 32..<damaged.count, using: &random)
                    damaged[index] ^= 0x80
                    hit.insert(ends.firstIndex { $0 > base + index }!)
                }
                try fixture.write(damaged, to: segment.name)
            }
            let expected = records.indices.filter { !hit.contains($0) }.map { records[$0] }
            #expect(try fixture.recover().records == expected, "seed \(seed)")
            let again = try fixture.recover()
            #expect(again.records == expected, "seed \(seed)")
            #expect(again.recovery.notices == [], "seed \(seed)")
        }
    }

    @Test func aSegmentThatIsGoneIsTold() throws {
        let fixture = JournalFixture(segmentBytes: 600)
        let records = (0..<9).map { TestRecord(payload: [UInt8](repeating: UInt8($0), count: 100)) }
        var options = fixture.options
        options.segmentBytes = 600
        try fixture.withJournal { journal in
            var appender = journal.makeAppender()
            for record in records { _ = try appender.append(type: 1, record.payload.span, compressing: false) }
        }
        let segments = try fixture.segments()
        #expect(segments.count == 3)
        try FileManager.default.removeItem(atPath: "\(fixture.options.directory)/\(segments[1].name)")
        let found = try fixture.recover()
        let perSegment = (600 - 32) / 116
        #expect(found.records == Array(records[..<perSegment] + records[(2 * perSegment)...]))
        let base = try #require(UInt64(segments[1].name.dropLast(8), radix: 16))
        let next = try #require(UInt64(segments[2].name.dropLast(8), radix: 16))
        #expect(found.recovery.notices == [.missing(from: JournalPosition(base), to: JournalPosition(next))])
    }

    /// Somebody who sends us data sends records of a journal, and the device loses the header of the record that holds
    /// them.
    @Test func recordsWithinAPayloadAreNotTakenForRecords() throws {
        let other = JournalFixture()
        try other.append((0..<5).map { .numbered($0) })
        let forged = try #require(try other.segments().first).bytes
        let fixture = JournalFixture()
        try fixture.withJournal { journal in
            var appender = journal.makeAppender()
            _ = try appender.append(type: 1, forged.span, compressing: false)
            _ = try appender.append(type: 2, [1].span)
        }
        let segment = try #require(try fixture.segments().first)
        var damaged = segment.bytes
        damaged[33] ^= 0xff
        try fixture.write(damaged, to: segment.name)
        #expect(try fixture.recover().records == [TestRecord(type: 2, payload: [1])])
    }

    @Test func whateverCallFailsDuringRepairTheRecordsComeBackThenAndLater() throws {
        let whole = JournalFixture()
        try whole.append((0..<10).map { .numbered($0) })
        var damaged = try #require(try whole.segments().first).bytes
        damaged[50] ^= 1
        let expected = (1..<10).map { TestRecord.numbered($0) }
        for effect in [Fault.Effect.fail(5), .tear(28)] {
            let hits = try withEachFault(effect, of: FileCall.changes.union([.status, .link])) { faulty, number in
                let fixture = JournalFixture()
                try LocalFileSystem().createDirectories(fixture.options.directory)
                try fixture.write(damaged, to: "0000000000000000.journal")
                // Opening may fail too; the next process must find everything.
                if let found = try? fixture.recover(in: faulty) {  // as said above
                    #expect(found.records == expected, "call \(number)")
                }
                #expect(try fixture.recover().records == expected, "call \(number)")
                #expect(try fixture.recover().recovery.notices == [], "call \(number)")
                #expect(try fixture.content("quarantine/0000000000000000.journal") == damaged, "call \(number)")
            }
            #expect(hits > 10)
        }
    }
}

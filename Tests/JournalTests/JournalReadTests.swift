import Foundation
import Journal
import Posix
import TestSupport
import Testing

/// The journal as a queue: read while it is written, and dropped behind the reader.
@Suite struct JournalReadTests {
    private func payload(_ number: Int) -> [UInt8] { Array("entry \(number)".utf8) }

    private func number(_ payload: Span<UInt8>) -> Int? {
        Int(String(decoding: payload.indices.dropFirst(6).map { payload[$0] }, as: UTF8.self))
    }

    @Test func aReaderFollowsTheWriterOverSegmentsAndProcesses() throws {
        let fixture = JournalFixture(segmentBytes: 200)
        var position = JournalPosition.start
        var seen: [Int?] = []
        var next = 0
        for _ in 0..<3 {
            try fixture.withJournal { journal in
                var appender = journal.makeAppender()
                for round in 0..<10 {
                    for _ in 0..<round {
                        _ = try appender.append(type: 1, payload(next).span)
                        next += 1
                    }
                    position = try journal.read(from: position) { _, payload, _ in
                        seen.append(number(payload))
                        return true
                    }
                    #expect(position == journal.end || round == 0)
                    try journal.drop(before: position)
                }
            }
        }
        #expect(seen == Array(0..<135))
        #expect(try fixture.segments().count <= 2)
    }

    @Test func aRecordThatIsLeftComesAgain() throws {
        let fixture = JournalFixture(segmentBytes: 100)
        try fixture.withJournal { journal in
            var appender = journal.makeAppender()
            for index in 0..<10 { _ = try appender.append(type: 1, payload(index).span) }
            var position = JournalPosition.start
            var seen: [Int?] = []
            for batch in [3, 1, 4, 2] {
                var left = batch
                position = try journal.read(from: position) { _, payload, _ in
                    if left == 0 { return false }
                    left -= 1
                    seen.append(number(payload))
                    return true
                }
            }
            #expect(seen == Array(0..<10))
            #expect(position == journal.end)
        }
    }

    @Test func damageIsPassedOver() throws {
        let fixture = JournalFixture()
        let ends = try fixture.append((0..<4).map { TestRecord(payload: payload($0)) })
        let segment = try #require(try fixture.segments().first)
        var damaged = segment.bytes
        damaged[Int(ends[1].value) + 20] ^= 1
        try fixture.write(damaged, to: segment.name)
        try fixture.withJournal { journal in
            var seen: [Int?] = []
            let position = try journal.read(from: .start) { _, payload, _ in
                seen.append(number(payload))
                return true
            }
            #expect(seen == [0, 1, 3])
            #expect(position == ends[3])
        }
    }
}

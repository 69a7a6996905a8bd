import Foundation
import Journal
import Posix
import TestSupport
import Testing

/// A record as tests write and expect it.
struct TestRecord: Equatable, CustomStringConvertible {
    var type: UInt8 = 1
    var payload: [UInt8]

    /// A payload of its own for each number; longer ones compress, shorter ones stay plain.
    static func numbered(_ number: Int, bytes: Int = 200) -> TestRecord {
        let text = "record \(number) " + String(repeating: "x", count: max(0, bytes - 12))
        return TestRecord(type: UInt8(number % 255) + 1, payload: Array(text.utf8))
    }

    /// A payload that LZ4 cannot make shorter.
    static func random(_ generator: inout SeededGenerator, bytes: Int) -> TestRecord {
        TestRecord(
            type: .random(in: 1...255, using: &generator),
            payload: (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    var description: String {
        "type \(type), \(payload.count) bytes: \(String(decoding: payload.prefix(12), as: UTF8.self))"
    }
}

/// A journal in a directory of its own, opened as often as a test likes.
struct JournalFixture {
    let directory = TemporaryDirectory()
    var options: JournalOptions

    init(segmentBytes: Int = 1 << 20, sync: JournalSync = .onRequest) {
        options = JournalOptions(directory: directory.file("wal"), name: "test")
        options.segmentBytes = segmentBytes
        options.sync = sync
    }

    /// Opens the journal, lets `body` use it and closes it.
    @discardableResult
    func withJournal<Result>(
        startingAt floor: JournalPosition = .start, in system: any FileSystem = LocalFileSystem(),
        _ body: (Journal) throws -> Result
    ) throws -> Result {
        let journal = try Journal(options, startingAt: floor, in: system)
        let result: Result
        do {
            result = try body(journal)
        } catch {
            try? journal.close()  // the test's own error is the one to report
            throw error
        }
        try journal.close()
        return result
    }

    /// Appends all and returns the position behind each.
    @discardableResult
    func append(_ records: [TestRecord]) throws -> [JournalPosition] {
        try withJournal { journal in
            var appender = journal.makeAppender()
            return try records.map { try appender.append(type: $0.type, $0.payload.span) }
        }
    }

    /// What a new process finds.
    func recover(
        from position: JournalPosition = .start, in system: any FileSystem = LocalFileSystem()
    ) throws -> (records: [TestRecord], positions: [JournalPosition], recovery: JournalRecovery) {
        try withJournal(in: system) { try Self.replay($0, from: position) }
    }

    static func replay(
        _ journal: Journal, from position: JournalPosition = .start
    ) throws -> (records: [TestRecord], positions: [JournalPosition], recovery: JournalRecovery) {
        var records: [TestRecord] = []
        var positions: [JournalPosition] = []
        let recovery = try journal.replay(from: position) { type, payload, end in
            records.append(TestRecord(type: type, payload: payload.indices.map { payload[$0] }))
            positions.append(end)
        }
        #expect(recovery.records == records.count)
        #expect(recovery.bytes == records.reduce(0) { $0 + $1.payload.count })
        return (records, positions, recovery)
    }

    /// Names of the segments with their content, oldest first.
    func segments() throws -> [(name: String, bytes: [UInt8])] {
        try FileManager.default.contentsOfDirectory(atPath: options.directory).filter { $0.hasSuffix(".journal") }
            .sorted().map { ($0, try content($0)) }
    }

    func content(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(options.directory)/\(name)")))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(options.directory)/\(name)"))
    }
}

import Posix
import Telemetry
import TestSupport
import Testing

@testable import Agent

@Suite("The spool")
struct SpoolTests {
    private static func spool(_ directory: String, bytes: Int = 64 << 20, collectors: [String] = ["a"]) throws -> Spool
    {
        try Spool(directory, bytesMax: bytes, collectors: collectors, registry: Registry())
    }

    private static func all(_ spool: Spool, _ reader: SpoolReader) throws -> [SpoolRecord] {
        var records: [SpoolRecord] = []
        while let (record, end) = try spool.next(for: reader, atMostNs: 0) {
            records.append(record)
            try spool.noteTaken(reader, upTo: end)
        }
        return records
    }

    @Test("hands everything on once, in order, to each collector, also to those that open it again")
    func reopened() throws {
        let directory = TemporaryDirectory()
        let first = try Self.spool(directory.path, collectors: ["a", "b"])
        for index in 0..<10 {
            #expect(
                try first.append(logs: [UInt8(index)], count: 1, places: ["file": "\(index)", "file-\(index)": "x"]))
        }
        #expect(try first.append(metrics: [99], count: 5))
        #expect(try Self.all(first, first.readers[0]).map(\.body) == (0..<10).map { [UInt8($0)] } + [[99]])
        let (record, end) = try #require(try first.next(for: first.readers[1], atMostNs: 0))
        try first.noteTaken(first.readers[1], upTo: end)
        try first.close()

        let second = try Self.spool(directory.path, collectors: ["a", "b"])
        #expect(second.sender == first.sender)
        #expect(second.places["file"] == "9" && second.places["file-3"] == "x")
        #expect(try Self.all(second, second.readers[0]).isEmpty)
        let rest = try Self.all(second, second.readers[1])
        #expect(rest.map(\.body) == (1..<10).map { [UInt8($0)] } + [[99]])
        #expect(rest.allSatisfy { $0.sequence > record.sequence })
        #expect(try second.append(logs: [7], count: 1, places: ["file": "10"]))
        let next = try #require(try Self.all(second, second.readers[0]).first)
        #expect(rest.allSatisfy { $0.sequence < next.sequence })
        try second.close()
    }

    @Test("keeps the places of a process that was killed with the lines of it")
    func killed() throws {
        let directory = TemporaryDirectory()
        let copy = TemporaryDirectory()
        let spool = try Self.spool(directory.path)
        #expect(try spool.append(logs: [1], count: 1, places: ["file": "17"]))
        // What the disk holds at this instant is what a killed process leaves.
        let files = LocalFileSystem()
        try files.createDirectories(copy.file("journal"))
        for name in try files.list(directory.path) where name != "journal" {
            let bytes = try files.readFile(directory.file(name), atMostBytes: 1 << 20)
            try files.replaceFile(copy.file(name), with: bytes.span)
        }
        for name in try files.list(directory.file("journal")) where name.hasSuffix(".journal") {
            let bytes = try files.readFile(directory.file("journal/\(name)"), atMostBytes: 1 << 26)
            try files.replaceFile(copy.file("journal/\(name)"), with: bytes.span)
        }
        let again = try Self.spool(copy.path)
        #expect(again.places == ["file": "17"])
        #expect(try Self.all(again, again.readers[0]).map(\.body) == [[1]])
        try again.close()
        try spool.close()
    }

    @Test("refuses samples when it is full, has lines wait, and goes on when something was taken")
    func full() throws {
        let directory = TemporaryDirectory()
        let spool = try Self.spool(directory.path, bytes: 8 << 20)
        let body = [UInt8](repeating: 1, count: 100_000)
        var accepted = 0
        while try spool.append(metrics: body, count: 1) { accepted += 1 }
        #expect((60...90).contains(accepted))
        let isAppended = Lock<Bool?>(nil)
        let writer = try OwnedThread(name: "writer") {
            let result = try? spool.append(logs: [1], count: 1, places: [:])  // nil fails the expectation
            isAppended.withLock { $0 = result }
        }
        #expect(try Self.all(spool, spool.readers[0]).count >= accepted)
        writer.join()
        #expect(isAppended.withLock { $0 } == true)
        #expect(try spool.append(metrics: body, count: 1))
        try spool.close()
    }

    @Test("reads no record of another version, and none that is cut short")
    func foreignRecords() {
        let record = SpoolRecord(kind: .logs, sequence: 5, count: 2, places: ["a": "b"], body: [1, 2, 3])
        let bytes = record.encoded()
        #expect(SpoolRecord(type: 1, bytes.span) == record)
        #expect(SpoolRecord(type: 9, bytes.span) == nil)
        for count in 0..<(bytes.count - 3) { #expect(SpoolRecord(type: 1, bytes.span.extracting(first: count)) == nil) }
        var other = bytes
        other[0] = 2
        #expect(SpoolRecord(type: 1, other.span) == nil)
    }
}

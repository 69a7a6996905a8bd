import Foundation
import Model
import Posix
import Storage
import TestSupport
import Testing

@testable import LogDB

@Suite("A log store on bad ground")
struct LogFaultTests {
    @Test("keeps every acknowledged line when the device is full from any write on", arguments: [ENOSPC, EIO])
    func survivesFailingWrites(code: Int32) throws {
        try FaultyFileSystem.forEachCall(.fail(code), onwards: true) { system, number in
            let directory = TemporaryDirectory()
            let kept = work(directory.file("data"), in: system)
            try expect(kept, in: directory.file("data"), "call \(number)")
        }
    }

    @Test("keeps every acknowledged line when any one write is torn")
    func survivesTornWrites() throws {
        try FaultyFileSystem.forEachCall(.tear(EIO)) { system, number in
            let directory = TemporaryDirectory()
            let kept = work(directory.file("data"), in: system)
            try expect(kept, in: directory.file("data"), "call \(number)")
        }
    }

    @Test("names what a flipped bit has damaged, serves the rest and tells no line that never was")
    func survivesFlippedBits() throws {
        var generator = SeededGenerator.announced()
        let origin = TemporaryDirectory()
        let path = origin.file("data")
        let kept = work(path, in: LocalFileSystem())
        try FlippedBits.forEachCopy(of: path, flipsPerFile: 6, &generator) { copy, place in
            try expectServed(kept, copy, "\(place)")
        }
    }

    // MARK: -

    private static let streams = (0..<3).map { Labels([("app", "fault"), ("n", "\($0)")]) }

    private static func line(_ number: Int) -> String {
        #"{"number":\#(number),"msg":"batch \#(number) of many","id":"\#(String(format: "%032x", number))"}"#
    }

    /// Appends, flushes and merges for a while, whatever fails, and returns how many batches were acknowledged.
    private func work(_ path: String, in system: any FileSystem) -> [Int] {
        var kept: [Int] = []
        guard let store = try? LogDatabase(directory: path, options: LogRig.options, in: system) else { return kept }
        for number in 1...40 {
            var batch = LogBatch()
            for labels in Self.streams {
                let stream = batch.appendStream(labels)
                batch.append(Int64(number), stream: stream, Array(Self.line(number).utf8).span)
            }
            if (try? store.append(batch).accepted) == Self.streams.count { kept.append(number) }
            if number % 8 == 0 { try? store.flush() }
            if number % 24 == 0 { _ = try? store.mergeOnce() }
        }
        store.abandon()
        return kept
    }

    private func numbers(_ store: LogDatabase, _ stream: Labels) throws -> [Int] {
        var request = LogSelectRequest(matchers: [Matcher("n", equals: stream["n"])])
        request.order = .oldestFirst
        return try ReadLogs.entries(store, request).map { entry in
            #expect(entry.line == Self.line(Int(entry.timestampNs)))
            return Int(entry.timestampNs)
        }
    }

    private func expect(_ kept: [Int], in path: String, _ comment: Comment) throws {
        let store = try LogDatabase(directory: path, options: LogRig.options)
        defer { store.abandon() }
        for stream in Self.streams {
            let found = try numbers(store, stream)
            #expect(Set(found).isSuperset(of: kept) && Set(found).count == found.count, comment)
        }
    }

    /// Whatever was damaged is named or put right; what is told is what was written, no line twice.
    private func expectServed(_ kept: [Int], _ path: String, _ comment: Comment) throws {
        guard let store = try? LogDatabase(directory: path, options: LogRig.options) else { return }
        defer { store.abandon() }
        let damages = try store.verify()
        for stream in Self.streams {
            // A part that turns out to be damaged while it is read is put aside, and the rest is told the next time.
            var found: [Int]?
            for _ in 0..<10 where found == nil { found = try? numbers(store, stream) }
            let told = try #require(found, comment)
            #expect(Set(told).count == told.count, comment)
            #expect(Set(told).isSuperset(of: kept) || !(damages + store.notices).isEmpty, comment)
        }
    }
}

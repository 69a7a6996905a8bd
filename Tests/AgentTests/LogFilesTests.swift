import Encoding
import Foundation
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

@testable import Agent

/// Files, the reader of them, and what has reached the spool.
private final class TailedFolder {
    let directory = TemporaryDirectory()
    let logs: TemporaryDirectory
    private let registry = Registry()
    private var spool: Spool?
    private var files: LogFiles?
    private(set) var lines: [String: [String]] = [:]

    init() throws {
        logs = TemporaryDirectory()
        try start()
    }

    func start() throws {
        let glob = try #require(FileGlob(logs.file("*.log")))
        let spool = try Spool(directory.path, collectors: ["a"], registry: registry)
        self.spool = spool
        files = try LogFiles(
            [LogFileOptions(paths: [glob])], labels: ["host": "h"], pipelines: [], into: spool, registry: registry,
            log: Logger(LogSink(level: .error, registry: registry), component: "test"))
    }

    func stop() throws {
        files?.stop()
        try take()
        try spool?.close()
        (files, spool) = (nil, nil)
    }

    deinit {
        files?.stop()
        try? spool?.close()  // a test that failed has said so
    }

    /// Takes what is in the spool.
    private func take() throws {
        guard let spool else { return }
        while let (record, end) = try spool.next(for: spool.readers[0], atMostNs: 0) {
            try spool.noteTaken(spool.readers[0], upTo: end)
            guard record.count > 0 else { continue }
            var body: [UInt8] = []
            try Snappy.decompress(record.body.span, bytesMax: 1 << 24, appendingTo: &body)
            let batch = try LokiPushDecoder.batch(body)
            for entry in batch.entries {
                let labels = Labels(canonical: Array(batch.bytes[batch.streams[entry.stream]]))
                #expect(labels["host"] == "h")
                let name = FilePath.name(of: labels["filename"])
                lines[name, default: []].append(String(decoding: batch.bytes[entry.line], as: UTF8.self))
            }
        }
    }

    func expect(_ wanted: [String], of name: String, _ location: SourceLocation = #_sourceLocation) throws {
        let deadline = Date(timeIntervalSinceNow: 120)
        while lines[name, default: []].count < wanted.count, Date() < deadline {
            try take()
            Thread.sleep(forTimeInterval: 0.01)
        }
        #expect(lines[name, default: []] == wanted, sourceLocation: location)
    }

    /// Waits until the spool knows the place of a file.
    func expectPlace(of name: String, _ location: SourceLocation = #_sourceLocation) throws {
        let path = logs.file(name)
        let deadline = Date(timeIntervalSinceNow: 120)
        func isKnown() -> Bool { spool?.places.values.contains { FilePlace($0)?.path == path } ?? false }
        while !isKnown(), Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
        #expect(isKnown(), sourceLocation: location)
    }

    func append(_ text: String, to name: String) throws {
        let path = logs.file(name)
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    func move(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: logs.file(name), toPath: logs.file(other))
    }

    func shell(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = URL(filePath: logs.path)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}

@Suite("Files of logs", .serialized)
struct LogFilesTests {
    /// Long enough to tell files apart by.
    private static func line(_ index: Int) -> String { "line \(index) of a file that is told apart by how it begins" }
    private static func text(_ range: Range<Int>) -> String { range.map { line($0) + "\n" }.joined() }
    private static func lines(_ range: Range<Int>) -> [String] { range.map(line) }

    @Test("are read as they grow, by whole lines")
    func grows() throws {
        let folder = try TailedFolder()
        try folder.append("one\ntw", to: "a.log")
        try folder.expect(["one"], of: "a.log")
        try folder.append("o\nthree\n", to: "a.log")
        try folder.append("other\n", to: "b.log")
        try folder.append("not read\n", to: "c.txt")
        try folder.expect(["one", "two", "three"], of: "a.log")
        try folder.expect(["other"], of: "b.log")
        #expect(folder.lines["c.txt"] == nil)
    }

    @Test("lose nothing when they are renamed, and nothing that is written to the old name's file")
    func renamed() throws {
        let folder = try TailedFolder()
        try folder.append(Self.text(0..<10), to: "a.log")
        try folder.expect(Self.lines(0..<10), of: "a.log")
        try folder.move("a.log", to: "a.log.1")
        try folder.append(Self.text(10..<12), to: "a.log.1")
        try folder.append(Self.text(12..<20), to: "a.log")
        try folder.expect(Self.lines(0..<20), of: "a.log")
    }

    @Test("lose nothing when they are renamed faster than anybody looks")
    func renamedOften() throws {
        let folder = try TailedFolder()
        try folder.append(Self.text(0..<10), to: "a.log")
        try folder.expect(Self.lines(0..<10), of: "a.log")
        for round in 1...150 {
            try folder.move("a.log", to: "a.log.\(round)")
            try folder.append(Self.text(round * 10..<round * 10 + 10), to: "a.log")
        }
        try folder.expect(Self.lines(0..<1510), of: "a.log")
    }

    @Test("lose nothing when they are renamed as soon as they are written")
    func renamedAtOnce() throws {
        let folder = try TailedFolder()
        try folder.append(Self.text(0..<10), to: "a.log")
        try folder.expect(Self.lines(0..<10), of: "a.log")
        try folder.move("a.log", to: "a.log.0")
        for round in 1...50 {
            try folder.append(Self.text(round * 10..<round * 10 + 10), to: "a.log")
            try folder.move("a.log", to: "a.log.\(round)")
        }
        try folder.expect(Self.lines(0..<510), of: "a.log")
    }

    @Test("are not taken for those of a name that theirs begins with")
    func begins() throws {
        let folder = try TailedFolder()
        try folder.append(Self.text(0..<10), to: "a.log")
        try folder.append(Self.text(100..<110), to: "a0.log")
        try folder.expect(Self.lines(0..<10), of: "a.log")
        try folder.expect(Self.lines(100..<110), of: "a0.log")
        try folder.stop()
        for round in 1...2 {
            try folder.move("a0.log", to: "a0.log.\(round)")
            try folder.append(Self.text(100 + round * 10..<110 + round * 10), to: "a0.log")
        }
        try folder.move("a.log", to: "a.log.1")
        try folder.append(Self.text(10..<20), to: "a.log")
        try folder.start()
        try folder.expect(Self.lines(100..<130), of: "a0.log")
        try folder.expect(Self.lines(0..<20), of: "a.log")
    }

    @Test("lose nothing when several came and went under the name while nobody looked")
    func renamedUnseen() throws {
        let folder = try TailedFolder()
        try folder.append(Self.text(0..<10), to: "a.log")
        try folder.expect(Self.lines(0..<10), of: "a.log")
        for round in 1...5 {
            try folder.stop()
            for file in 0..<3 {
                let first = round * 30 + file * 10 - 20
                try folder.move("a.log", to: "a.log.\(round)-\(file)")
                try folder.append(Self.text(first..<first + 10), to: "a.log")
            }
            try folder.start()
            try folder.expect(Self.lines(0..<round * 30 + 10), of: "a.log")
        }
    }

    @Test("lose nothing when they are copied and cut short")
    func copyTruncated() throws {
        let folder = try TailedFolder()
        try folder.append(Self.text(0..<10), to: "a.log")
        try folder.expect(Self.lines(0..<10), of: "a.log")
        try folder.shell("cp a.log a.log.1 && : > a.log")
        try folder.append("x " + Self.text(10..<40), to: "a.log")
        try folder.expect(Self.lines(0..<10) + ["x " + Self.line(10)] + Self.lines(11..<40), of: "a.log")
    }

    @Test("go on behind the last line after a restart, whatever was rotated, compressed or came meanwhile")
    func restarted() throws {
        let folder = try TailedFolder()
        for name in ["a.log", "b.log", "c.log"] { try folder.append(Self.text(0..<10), to: name) }
        for name in ["a.log", "b.log", "c.log"] { try folder.expect(Self.lines(0..<10), of: name) }
        try folder.stop()
        try folder.append(Self.text(10..<20), to: "a.log")
        try folder.move("a.log", to: "a.log.1")
        try folder.append(Self.text(20..<30), to: "a.log")
        Thread.sleep(forTimeInterval: 0.02)  // files of one instant have no order
        try folder.shell("mv a.log.1 a.log.2 && mv a.log a.log.1")
        try folder.append(Self.text(30..<40), to: "a.log")
        try folder.append(Self.text(10..<20), to: "b.log")
        try folder.shell("mv b.log b.log.1 && gzip b.log.1")
        try folder.append(Self.text(20..<25), to: "b.log")
        try folder.start()
        try folder.expect(Self.lines(0..<40), of: "a.log")
        try folder.expect(Self.lines(0..<25), of: "b.log")
        try folder.expect(Self.lines(0..<10), of: "c.log")
        try folder.stop()
        try folder.start()
        try folder.append(Self.text(25..<26), to: "b.log")
        try folder.expect(Self.lines(0..<26), of: "b.log")
        try folder.expect(Self.lines(0..<40), of: "a.log")
    }

    @Test("lose nothing when they are copied and cut short, or their number is another file's, while nobody looked")
    func sameNumber() throws {
        let folder = try TailedFolder()
        for name in ["a.log", "b.log"] { try folder.append(Self.text(0..<10), to: name) }
        for name in ["a.log", "b.log"] { try folder.expect(Self.lines(0..<10), of: name) }
        try folder.stop()
        for name in ["a.log", "b.log"] { try folder.append(Self.text(10..<20), to: name) }
        try folder.shell("cp a.log a.log.1 && : > a.log")
        try folder.shell("gzip --stdout b.log > b.log.1.gz && : > b.log")
        for name in ["a.log", "b.log"] { try folder.append(Self.text(20..<25), to: name) }
        try folder.start()
        for name in ["a.log", "b.log"] { try folder.expect(Self.lines(0..<25), of: name) }
        try folder.stop()
        try folder.start()
        for name in ["a.log", "b.log"] { try folder.append(Self.text(25..<26), to: name) }
        for name in ["a.log", "b.log"] { try folder.expect(Self.lines(0..<26), of: name) }
    }

    @Test("are known to the spool once they are open, before they have a line")
    func noted() throws {
        let folder = try TailedFolder()
        try folder.append("", to: "a.log")
        try folder.expectPlace(of: "a.log")
        try folder.stop()
        try folder.append(Self.text(0..<3), to: "a.log")
        try folder.shell("mv a.log a.log.1")
        try folder.append(Self.text(3..<6), to: "a.log")
        try folder.start()
        try folder.expect(Self.lines(0..<6), of: "a.log")
    }

    @Test("that begin with the same line as the one before them are read whole")
    func alike() throws {
        let folder = try TailedFolder()
        try folder.append(Self.text(0..<1), to: "a.log")
        try folder.expect(Self.lines(0..<1), of: "a.log")
        try folder.shell("mv a.log a.log.1")
        try folder.append(Self.text(0..<2), to: "a.log")
        try folder.expect(Self.lines(0..<1) + Self.lines(0..<2), of: "a.log")
    }

    @Test("that were silent do not have a line cut that is being written")
    func silent() throws {
        let (directory, logs) = (TemporaryDirectory(), TemporaryDirectory())
        let (registry, time) = (Registry(), ManualTime())
        let spool = try Spool(directory.path, collectors: ["a"], registry: registry)
        let batcher = LogBatcher(spool, "file", [], registry, time)
        let path = logs.file("a.log")
        try Data("one\n".utf8).write(to: URL(filePath: path))
        let file = try File(path, .read, in: LocalFileSystem())
        let tail = FileTail(
            file, try file.status(), group: 0, LogFileOptions(paths: []),
            place: FilePlace(offset: 0, fingerprint: Fingerprint([]), path: path), labels: .empty,
            nowNs: time.monotonicNs)
        var buffer: [UInt8] = []
        func poll(after seconds: Double) throws -> Int {
            time.advance(bySeconds: seconds)
            _ = try tail.poll(batcher, &buffer, time: time)
            return tail.place.offset
        }
        #expect(try poll(after: 0) == 4)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("tw".utf8))
        #expect(try poll(after: 60) == 4)
        try handle.write(contentsOf: Data("o\nthr".utf8))
        #expect(try poll(after: 1) == 8)
        #expect(try poll(after: 2) == 8)
        #expect(try poll(after: 2) == 11)
        try spool.close()
    }
}

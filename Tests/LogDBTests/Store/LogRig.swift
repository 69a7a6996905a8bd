import Model
import Posix
import Storage
import TestSupport

@testable import LogDB

/// A store in a directory of its own that a test drives by hand.
final class LogRig {
    let directory = TemporaryDirectory()
    let time = ManualTime()
    private(set) var store: LogDatabase
    private let options: LogStoreOptions
    private let workers: Workers

    var path: String { directory.file("data") }

    init(_ change: (inout LogStoreOptions) -> Void = { _ in }) throws {
        var options = Self.options
        change(&options)
        self.options = options
        workers = try Workers(helpers: 1)
        store = try LogDatabase(directory: directory.file("data"), options: options, workers: workers, time: time)
    }

    deinit {
        store.abandon()
        workers.stop()
    }

    static var options: LogStoreOptions {
        var options = LogStoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        options.mergeParts = 3
        options.journalSegmentBytes = 4096
        return options
    }

    func reopen(crashing: Bool = false) throws {
        if crashing { store.abandon() } else { try store.close() }
        store = try LogDatabase(directory: path, options: options, workers: workers, time: time)
    }

    @discardableResult
    func append(
        _ stream: Labels, _ entries: (Int64, String)..., dropsRepeats: Bool = false
    ) throws -> LogAppendOutcome {
        var batch = LogBatch()
        let index = batch.appendStream(stream)
        for (timestampNs, line) in entries { batch.append(timestampNs, stream: index, Array(line.utf8).span) }
        batch.dropsRepeats = dropsRepeats
        return try store.append(batch)
    }

    func lines(_ change: (inout LogSelectRequest) -> Void = { _ in }) throws -> [String] {
        var request = LogSelectRequest(matchers: [])
        request.order = .oldestFirst
        change(&request)
        return try ReadLogs.entries(store, request).map(\.line)
    }
}

/// What a scan tells, entry by entry.
enum ReadLogs {
    struct Entry: Hashable, Comparable {
        var timestampNs: Int64
        var stream: Labels
        var line: String
        var metadata: Labels

        static func < (a: Entry, b: Entry) -> Bool {
            if a.timestampNs != b.timestampNs { return a.timestampNs < b.timestampNs }
            if a.stream != b.stream { return a.stream < b.stream }
            return a.line != b.line ? a.line < b.line : a.metadata < b.metadata
        }
    }

    static func entries(_ store: any LogStore, _ request: LogSelectRequest) throws -> [Entry] {
        let scan = try store.scan(request)
        var block = LogBlock()
        var entries: [Entry] = []
        while try scan.next(into: &block) {
            for entry in 0..<block.count {
                entries.append(
                    Entry(
                        timestampNs: block.timestampsNs[entry], stream: block.streams[block.streamOf[entry]],
                        line: String(decoding: block.lineBytes[block.line(entry)], as: UTF8.self),
                        metadata: Labels(canonical: Array(block.metadataBytes[block.metadata(entry)]))))
            }
        }
        return entries
    }
}

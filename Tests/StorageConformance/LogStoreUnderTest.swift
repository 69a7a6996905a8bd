import LogDB
import Model
import Storage
import TestSupport

/// The implementations that keep the promises of the seam for logs. A new one adds a case.
enum LogStoreKind: CaseIterable {
    case memory
    /// Entries are read from the head.
    case embedded
    /// Entries are read from parts.
    case embeddedParts
    /// Entries are read from parts that were merged.
    case embeddedMerged

    func make() throws -> LogStoreUnderTest {
        if self == .memory {
            return LogStoreUnderTest(store: MemoryLogStore(), directory: nil, settle: {}, end: {})
        }
        let directory = TemporaryDirectory()
        var options = LogStoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        let store = try LogDatabase(directory: directory.file("data"), options: options)
        let kind = self
        return LogStoreUnderTest(store: store, directory: directory) {
            if kind != .embedded { try store.flush() }
            if kind == .embeddedMerged { try store.mergeAll() }
        } end: {
            store.abandon()
        }
    }
}

/// A log store with what the tests need around it.
final class LogStoreUnderTest {
    let store: any LogStore
    private let directory: TemporaryDirectory?
    /// Brings what was appended to where this kind reads it.
    let settle: () throws -> Void
    private let end: () -> Void

    init(
        store: any LogStore, directory: TemporaryDirectory?, settle: @escaping () throws -> Void,
        end: @escaping () -> Void
    ) {
        self.store = store
        self.directory = directory
        self.settle = settle
        self.end = end
    }

    deinit { end() }

    @discardableResult
    func append(
        _ stream: Labels, _ entries: (Int64, String)..., identity: LogBatch.Identity? = nil, dropsRepeats: Bool = false
    ) throws -> LogAppendOutcome {
        try append(stream, entries.map { ($0.0, $0.1, Labels.empty) }, identity: identity, dropsRepeats: dropsRepeats)
    }

    @discardableResult
    func append(
        _ stream: Labels, _ entries: [(Int64, String, Labels)], identity: LogBatch.Identity? = nil,
        dropsRepeats: Bool = false
    ) throws -> LogAppendOutcome {
        var batch = LogBatch()
        let index = batch.appendStream(stream)
        for (timestampNs, line, metadata) in entries {
            let bytes = Array(line.utf8)
            batch.append(timestampNs, stream: index, bytes.span, metadata: metadata)
        }
        batch.identity = identity
        batch.dropsRepeats = dropsRepeats
        let outcome = try store.append(batch)
        try settle()
        return outcome
    }

    func read(_ change: (inout LogSelectRequest) throws -> Void = { _ in }) throws -> [ReadEntry] {
        var request = LogSelectRequest(matchers: [])
        request.order = .oldestFirst
        try change(&request)
        return try read(try store.scan(request))
    }

    func read(_ scan: any LogScan) throws -> [ReadEntry] {
        var block = LogBlock()
        var entries: [ReadEntry] = []
        while try scan.next(into: &block) {
            for entry in 0..<block.count {
                var read = ReadEntry(block.streams[block.streamOf[entry]], block.timestampsNs[entry], "")
                if !block.lineEnds.isEmpty {
                    read.line = String(decoding: block.lineBytes[block.line(entry)], as: UTF8.self)
                    read.metadata = Labels(canonical: Array(block.metadataBytes[block.metadata(entry)]))
                }
                read.fields = block.fields.indices.map {
                    String(decoding: block.fields[$0].bytes[block.value(entry, ofField: $0)], as: UTF8.self)
                }
                entries.append(read)
            }
        }
        return entries
    }
}

struct ReadEntry: Equatable {
    var stream: Labels
    var timestampNs: Int64
    var line: String
    var metadata = Labels.empty
    var fields: [String] = []

    init(_ stream: Labels, _ timestampNs: Int64, _ line: String) {
        self.stream = stream
        self.timestampNs = timestampNs
        self.line = line
    }
}

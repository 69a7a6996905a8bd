import Encoding
import Journal
import Parts
import Posix
import TestSupport

/// In memory (see TemporaryDirectory): what the journal and the parts cost the processor, system calls included.
func journalBenchmarks() -> [Benchmark] {
    let rows = sampleRows(bytes: 64 << 10)
    let line = Array(rows[..<366])
    return [
        appending("journal append 64 KiB, plain", rows, compressing: false),
        appending("journal append 64 KiB, LZ4", rows, compressing: true),
        appending("journal append 366 B, plain", line, compressing: false, perRecord: true),
        appending("journal append 366 B, LZ4", line, compressing: true, perRecord: true),
        replaying("journal replay of 64 KiB records, plain", rows, compressing: false),
        replaying("journal replay of 64 KiB records, LZ4", rows, compressing: true),
        replaying("journal replay of 366 B records, plain", line, compressing: false, perRecord: true),
        writingPart(rows),
    ]
}

/// Rows as a scrape gives them: a series number, milliseconds, a value with two decimals.
private func sampleRows(bytes: Int) -> [UInt8] {
    var random = SeededGenerator(seed: 1)
    var rows: [UInt8] = []
    while rows.count < bytes {
        rows.appendLittleEndian(UInt32(rows.count / 20))
        rows.appendLittleEndian(Int64(1_700_000_000_000 + rows.count % 15))
        rows.appendLittleEndian((Double(Int.random(in: 0...9_999, using: &random)) / 100).bitPattern)
    }
    return Array(rows[..<bytes])
}

private func openJournal(_ directory: TemporaryDirectory) throws -> Journal {
    var options = JournalOptions(directory: directory.file("wal"), name: "bench")
    options.sync = .onRequest
    return try Journal(options)
}

private func appending(_ name: String, _ payload: [UInt8], compressing: Bool, perRecord: Bool = false) -> Benchmark {
    let directory = TemporaryDirectory()
    let records = 256
    return Benchmark(name, perRecord ? .items(records) : .bytes(records * payload.count)) {
        let journal = try openJournal(directory)
        var appender = journal.makeAppender()
        for _ in 0..<records { _ = try appender.append(type: 1, payload.span, compressing: compressing) }
        try journal.drop(before: journal.end)
        try journal.close()
    }
}

private func replaying(_ name: String, _ payload: [UInt8], compressing: Bool, perRecord: Bool = false) -> Benchmark {
    let directory = TemporaryDirectory()
    let records = 16 << 20 / payload.count
    var isFilled = false
    return Benchmark(name, perRecord ? .items(records) : .bytes(records * payload.count)) {
        if !isFilled {
            let journal = try openJournal(directory)
            var appender = journal.makeAppender()
            for _ in 0..<records { _ = try appender.append(type: 1, payload.span, compressing: compressing) }
            try journal.close()
            isFilled = true
        }
        let journal = try openJournal(directory)
        var bytes = 0
        _ = try journal.replay { _, payload, _ in bytes += payload.count }
        precondition(bytes == records * payload.count, "the journal lost bytes")
        try journal.close()
    }
}

private func writingPart(_ rows: [UInt8]) -> Benchmark {
    let directory = TemporaryDirectory()
    let pieces = 256
    return Benchmark("part file of 16 MiB, written and dropped", .bytes(pieces * rows.count)) {
        let store = try PartStore<Int>(directory.file("parts")) { $0.info.bytes }
        let writer = try store.makeWriter()
        var file = try writer.makeFile("data")
        for _ in 0..<pieces { try file.append(rows.span) }
        try writer.finish(file)
    }
}

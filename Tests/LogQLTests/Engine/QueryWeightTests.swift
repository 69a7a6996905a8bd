import LogDB
import LogQL
import Model
import Storage
import TestSupport
import Testing

/// Which queries go the quick way.
@Suite struct QueryWeightTests {
    private static let minute: Int64 = 60_000_000_000
    private static let parts: Int64 = 10

    /// A part of one block for each of ten minutes, the first of 12:00.
    private func loaded(_ directory: TemporaryDirectory) throws -> LogDatabase {
        var options = LogStoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        let store = try LogDatabase(directory: directory.file("logs"), options: options)
        for part in 0..<Self.parts {
            var batch = LogBatch()
            let stream = batch.appendStream(Labels([("app", part == 0 ? "first" : "rest")]))
            for entry in 0..<5 as Range<Int64> {
                batch.append(part * Self.minute + entry, stream: stream, Array("word\(part) \(entry)".utf8).span)
            }
            _ = try store.append(batch)
            try store.flush()
        }
        return store
    }

    static let questions: [(query: String, startMinute: Int64, endMinute: Int64, limit: Int, isLight: Bool)] = [
        // The first lines of streams, however many there are.
        ("{}", 0, 10, 100, true), ("{}", 0, 10, 1000, true), ("{}", 0, 10, 1001, false),
        // With a filter nobody knows how far a search goes.
        (#"{} |= "x""#, 0, 10, 100, false), (#"{} | json"#, 0, 10, 100, false),
        (#"{} |= "1""#, 7, 10, 100, true), (#"{app="first"} |= "1""#, 0, 10, 100, true),
        (#"count_over_time({}[1m])"#, 0, 10, 100, false), (#"count_over_time({}[2m])"#, 10, 10, 100, true),
        (#"count_over_time({}[9m])"#, 10, 10, 100, false), (#"sum(rate({app="first"}[10m]))"#, 10, 10, 100, true),
        // The range of a query lies where its offset says.
        (#"count_over_time({}[2m] offset 20m)"#, 0, 10, 100, true),
        (#"count_over_time({}[2m] offset 20m)"#, 20, 30, 100, false),
        // Several of them are looked at one after the other.
        (#"rate({}[2m]) / rate({}[2m])"#, 10, 10, 100, true), (#"rate({}[3m]) / rate({}[3m])"#, 10, 10, 100, false),
        ("vector(1) + vector(1)", 0, 10, 100, true),
    ]

    @Test func queriesThatLookAtFewBlocksAreLight() throws {
        let directory = TemporaryDirectory()
        let store = try loaded(directory)
        let engine = LogEngine(store: store)
        for question in Self.questions {
            let isLight = engine.isLight(
                try LogQuery(parsing: question.query), startNs: question.startMinute * Self.minute,
                endNs: question.endMinute * Self.minute, limit: question.limit)
            #expect(isLight == question.isLight, "\(question.query)")
        }
        try store.close()
    }
}

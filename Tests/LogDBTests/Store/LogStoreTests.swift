import Encoding
import Model
import Parts
import Posix
import Storage
import TestSupport
import Testing

@testable import LogDB

@Suite("A log store in a directory")
struct LogStoreTests {
    private let api = Labels([("app", "api")])

    @Test("has everything again after a crash and after a proper end")
    func recovers() throws {
        let rig = try LogRig()
        try rig.append(api, (1, "one"), (2, "two"))
        try rig.reopen(crashing: true)
        #expect(try rig.lines() == ["one", "two"])
        try rig.append(api, (3, "three"))
        try rig.reopen()
        #expect(try rig.lines() == ["one", "two", "three"])
        #expect(rig.store.notices.isEmpty)
    }

    @Test("drops repetitions that came before a crash, and takes an identified batch once across restarts")
    func remembersAcrossRestarts() throws {
        let rig = try LogRig()
        try rig.append(api, (1, "one"), dropsRepeats: true)
        var batch = LogBatch()
        let stream = batch.appendStream(api)
        batch.append(2, stream: stream, Array("two".utf8).span)
        batch.identity = LogBatch.Identity(sender: "a:b", sequence: 1)
        #expect(try rig.store.append(batch).accepted == 1)
        for isCrash in [true, false, true] {
            try rig.reopen(crashing: isCrash)
            #expect(try rig.store.append(batch).isRepeatedBatch)
        }
        #expect(try rig.lines() == ["one", "two"])
        let crashed = try LogRig()
        try crashed.append(api, (1, "one"), dropsRepeats: true)
        try crashed.reopen(crashing: true)
        #expect(try crashed.append(api, (1, "one"), (1, "other"), dropsRepeats: true).repeats == 1)
    }

    @Test("cuts lines that are too long and says how long they were, or refuses them")
    func boundsLines() throws {
        let rig = try LogRig { $0.lineBytesMax = 5 }
        let outcome = try rig.append(api, (1, "12345"), (2, "1234é6789"))
        #expect(outcome.accepted == 2 && outcome.cut == 1)
        var request = LogSelectRequest(matchers: [])
        request.order = .oldestFirst
        let entries = try ReadLogs.entries(rig.store, request)
        #expect(entries.map(\.line) == ["12345", "1234"])
        #expect(entries.map(\.metadata) == [.empty, Labels([("cut_from_bytes", "10")])])
        let strict = try LogRig {
            $0.lineBytesMax = 5
            $0.longLine = .refuse
        }
        let refused = try strict.append(api, (1, "12345"), (2, "123456"))
        #expect(refused.accepted == 1 && refused.refusals.map(\.entry) == [1])
        #expect(refused.sentence.contains("logs.line_limit is 5"))
    }

    @Test("refuses streams beyond the limit and entries of streams with too many labels, and takes the rest")
    func boundsStreams() throws {
        let rig = try LogRig {
            $0.streamsMax = 2
            $0.labelsMax = 2
        }
        for number in 0..<4 {
            let outcome = try rig.append(Labels([("n", "\(number)")]), (1, "x"))
            #expect(outcome.accepted == (number < 2 ? 1 : 0))
        }
        #expect(try rig.append(Labels([("n", "0")]), (2, "x")).accepted == 1)
        let many = try rig.append(Labels([("a", "1"), ("b", "1"), ("c", "1")]), (1, "x"))
        #expect(many.refusals.map(\.reason) == [.tooManyLabels])
    }

    @Test("forgets by age, by a rule on labels and by size")
    func retains() throws {
        let day: Int64 = 86_400_000
        let rig = try LogRig {
            $0.retentionMs = 10 * day
            $0.retentionRules = [LogRetentionRule(matchers: [Matcher("level", equals: "debug")], retentionMs: 2 * day)]
        }
        let (debug, info) = (Labels([("level", "debug")]), Labels([("level", "info")]))
        let nowMs = rig.time.wallMs
        for age in [0, 1, 3, 9, 11] as [Int64] {
            try rig.append(debug, ((nowMs - age * day) * 1_000_000, "debug \(age)"))
            try rig.append(info, ((nowMs - age * day) * 1_000_000, "info \(age)"))
        }
        let kept = ["debug 0", "debug 1", "info 0", "info 1", "info 3", "info 9"]
        #expect(try rig.lines().sorted() == kept)
        try rig.store.flush()
        #expect(try rig.lines().sorted() == kept)
        try rig.store.applyRetention()
        #expect(try rig.lines().sorted() == kept)
        #expect(rig.store.parts.parts.reduce(0) { $0 + $1.info.rows } == kept.count)
        #expect(try rig.store.verify().isEmpty)
    }

    @Test("keeps and takes by other limits from the moment that they are changed")
    func adoptsLimits() throws {
        let day: Int64 = 86_400_000
        let rig = try LogRig()
        let nowMs = rig.time.wallMs
        for age in [0, 3] as [Int64] { try rig.append(api, ((nowMs - age * day) * 1_000_000, "age \(age)")) }
        #expect(try rig.lines().count == 2)
        var options = rig.store.options
        options.retentionMs = 2 * day
        options.lineBytesMax = 4
        options.longLine = .refuse
        rig.store.adopt(options)
        #expect(try rig.lines() == ["age 0"])
        #expect(try rig.append(api, (nowMs * 1_000_000, "too long")).refusals.map(\.reason) == [.lineTooLong])
        options.retentionMs = nil
        rig.store.adopt(options)
        #expect(try rig.lines().count == 2)
    }

    @Test("writes the same part whether threads help with its blocks or not")
    func flushesWithHelpers() throws {
        var written: [[UInt8]] = []
        for helpers in [0, 3] {
            var options = LogRig.options
            (options.hasBackgroundThreads, options.flushHelpers) = (true, helpers)
            let directory = TemporaryDirectory()
            let store = try LogDatabase(directory: directory.path, options: options)
            defer { store.abandon() }
            var random = SeededGenerator(seed: 9)
            for number in 0..<30 {
                var batch = LogBatch()
                for stream in 0..<5 { batch.appendStream(Labels([("app", "\(stream)")])) }
                for row in 0..<1000 {
                    let line = #"{"level":"info","n":\#(random.next() % 1000),"words":"of \#(number)"}"#
                    batch.append(Int64(number * 1000 + row), stream: row % 5, Array(line.utf8).span)
                }
                _ = try store.append(batch)
            }
            try store.flush()
            let part = try #require(store.parts.parts.first)
            #expect(part.content.entries.count > 3)
            #expect(try store.verify().isEmpty)
            let blocks = part.content.blocks
            var bytes: [UInt8] = []
            bytes.append(blocks.bytes)
            written.append(bytes)
        }
        #expect(written[0] == written[1])
    }

    @Test("makes a snapshot that opens as a store")
    func snapshots() throws {
        let rig = try LogRig()
        try rig.append(api, (1, "one"))
        try rig.store.snapshot(to: rig.directory.file("copy"))
        try rig.append(api, (2, "two"))
        let copy = try LogDatabase(directory: rig.directory.file("copy"), options: LogRig.options)
        defer { copy.abandon() }
        var request = LogSelectRequest(matchers: [])
        request.order = .oldestFirst
        #expect(try ReadLogs.entries(copy, request).map(\.line) == ["one"])
    }

    @Test("merges without rewriting a row more than the levels allow, and keeps all of it")
    func mergesWithinBounds() throws {
        let rig = try LogRig()
        for number in 0..<40 {
            try rig.append(api, (Int64(number), "line \(number)"))
            try rig.store.flush()
            while try rig.store.mergeOnce() {}
        }
        #expect(rig.store.parts.parts.count <= 9)
        #expect(rig.store.parts.parts.allSatisfy { $0.info.level <= 4 })
        #expect(try rig.lines() == (0..<40).map { "line \($0)" })
    }
}

import Foundation
import Model
import Storage
import TestSupport
import Testing

@testable import LogDB

/// Random steps against the store and against a list. `OBS_STEPS` makes it longer.
@Suite("The log store against a list")
struct LogModelTests {
    @Test("gives the same answers after any sequence of appends, deletions, flushes, merges and restarts")
    func agreesWithAList() throws {
        let steps = ProcessInfo.processInfo.environment["OBS_STEPS"].flatMap { Int($0) } ?? 1_500
        var model = try LogModel(SeededGenerator.announced())
        for step in 0..<steps {
            try model.step()
            if step % 25 == 24 { try model.compare(step) }
        }
        try model.compare(steps)
        #expect(try model.damages().isEmpty)
    }
}

/// A store and what it should hold.
struct LogModel {
    private var generator: SeededGenerator
    private let rig: LogRig
    private var expected = MemoryLogStore()
    private var entries = 0
    private var nowNs: Int64 = 1_790_000_000_000_000_000
    private let streams = (0..<9).map { Labels([("app", "app\($0 % 3)"), ("host", "h\($0 / 3)")]) }
    private var sequence: UInt64 = 0

    init(_ generator: SeededGenerator) throws {
        self.generator = generator
        rig = try LogRig()
    }

    mutating func step() throws {
        // A list grows slow: it begins anew now and then, together with the store.
        if entries > 3000 {
            try rig.store.delete(LabelRequest())
            try rig.store.mergeAll()
            expected = MemoryLogStore()
            entries = 0
            // The store remembers batches that the new list has not seen.
            sequence += 1
        }
        switch Int.random(in: 0..<1000, using: &generator) {
        case 0..<880: try append()
        case 880..<890: try delete()
        case 890..<940: try rig.store.flush()
        case 940..<975: try rig.store.mergeOnce()
        case 975..<980: try rig.store.mergeAll()
        case 980..<992: try rig.reopen(crashing: true)
        default: try rig.reopen()
        }
    }

    private mutating func append() throws {
        var batch = LogBatch()
        batch.dropsRepeats = Bool.random(using: &generator)
        if Int.random(in: 0..<10, using: &generator) == 0 {
            if Bool.random(using: &generator) { sequence += 1 }
            batch.identity = LogBatch.Identity(sender: "agent", sequence: sequence)
        }
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let stream = batch.appendStream(streams.randomElement(using: &generator)!)
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let line = Array(anyLine().utf8)
                let metadata =
                    Int.random(in: 0..<6, using: &generator) == 0
                    ? Labels([("trace_id", hex(16)), ("k", "v\(Int.random(in: 0..<3, using: &generator))")]) : .empty
                batch.append(anyTime(isNew: batch.dropsRepeats), stream: stream, line.span, metadata: metadata)
            }
        }
        // What is sent again comes soon after.
        for _ in 0...(batch.dropsRepeats ? Int.random(in: 0...1, using: &generator) : 0) {
            let outcome = try rig.store.append(batch)
            let model = try expected.append(batch)
            #expect(outcome.isRepeatedBatch == model.isRepeatedBatch)
            #expect(outcome.accepted == model.accepted)
            entries += outcome.accepted
        }
    }

    private mutating func anyTime(isNew: Bool) -> Int64 {
        nowNs += Int64.random(in: 1...2_000_000, using: &generator)
        if isNew { return nowNs }
        return switch Int.random(in: 0..<20, using: &generator) {
        case 0: Int64.random(in: -1_000_000...nowNs, using: &generator) / 1000 % 5 * 86_400_000_000_000 + nowNs % 1000
        case 1: nowNs - Int64.random(in: 0...3_600_000_000_000, using: &generator)
        default: nowNs
        }
    }

    private mutating func hex(_ bytes: Int) -> String {
        (0..<bytes).map { _ in String(format: "%02x", UInt8.random(in: 0...255, using: &generator)) }.joined()
    }

    private mutating func anyLine() -> String {
        let number = Int.random(in: 0...100_000, using: &generator)
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: return #"{"level":"info","msg":"request done in \#(number) ms","status":\#(number % 6 * 100)}"#
        case 1:
            return
                #"{"trace_id":"\#(hex(16))","http":{"path":"/a/\#(number % 9)","ok":true},"d":\#(Double(number) / 8)}"#
        case 2: return "level=warn order=o-\(number) msg=\"user \(number % 7) said \\\"no\\\"\""
        case 3: return "10.0.\(number % 256).\(number % 7) - \"GET /p?q=\(number) HTTP/1.1\" 200 \(number)"
        case 4: return "plain words \(number) and more of them"
        case 5: return ["", "{", "{}", "=", "\"", "a\u{0}b 1\u{0}", "{\"\":\"x\"}", "ünï 1"][number % 8]
        case 6: return #"{"a":[1,2,{"b":3}],"n":null,"e":"tab\tquote\"","x":-\#(number).50}"#
        case 7: return "{\"dup\":1,\"dup\":\(number)}"
        default: return (0..<(number % 40)).map { _ in ["x", "7", " ", "-", "\"", "é"][number % 6] }.joined()
        }
    }

    private mutating func delete() throws {
        var request = LabelRequest(
            selectors: [[Matcher("app", equals: "app\(Int.random(in: 0..<3, using: &generator))")]])
        if Bool.random(using: &generator) {
            request.startMs = nowNs / 1_000_000 - Int64.random(in: 0...2000, using: &generator)
        }
        try rig.store.delete(request)
        try expected.delete(request)
    }

    private mutating func anyRequest() throws -> LogSelectRequest {
        var request = LogSelectRequest(matchers: [])
        if Bool.random(using: &generator) {
            request.matchers = [
                try Matcher("app", .matches, ["app0|app2", "app1", ".+"].randomElement(using: &generator)!)
            ]
        }
        if Bool.random(using: &generator) {
            request.startNs = nowNs - Int64.random(in: 0...1_000_000_000, using: &generator)
            request.endNs = nowNs - Int64.random(in: 0...1_000_000, using: &generator)
        }
        let needles = [
            "1", "ms", "done in", "GET /p?q=", #""status":5"#, "o-1", "said", "zz", "ab", " 200 ", "info", "10.0.1",
            "q",
            "plain words ", "", "é",
        ]
        for _ in 0..<Int.random(in: 0...2, using: &generator) {
            request.lineFilters.append(
                LogLineFilter(
                    contains: Array(needles.randomElement(using: &generator)!.utf8),
                    isNegative: Int.random(in: 0..<4, using: &generator) == 0))
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: request.fieldConditions = [LogFieldCondition("status", .greaterOrEqual, 300)]
        case 1: request.fieldConditions = [LogFieldCondition(Matcher("http.path", equals: "/a/3"))]
        case 2: request.fieldConditions = [LogFieldCondition(try Matcher("level", .notEqual, "warn"))]
        case 3: request.fieldConditions = [LogFieldCondition("x", .less, -50_000)]
        case 4: request.fieldConditions = [LogFieldCondition(Matcher("k", equals: "v1"))]
        default: break
        }
        return request
    }

    mutating func compare(_ step: Int) throws {
        for _ in 0..<4 {
            let request = try anyRequest()
            let (got, wanted) = (
                try ReadLogs.entries(rig.store, request).sorted(), try ReadLogs.entries(expected, request).sorted()
            )
            #expect(got == wanted, "step \(step): \(request)")
            var ordered = request
            ordered.order = Bool.random(using: &generator) ? .newestFirst : .oldestFirst
            ordered.limit = Int.random(in: 0...50, using: &generator)
            let times = try ReadLogs.entries(rig.store, ordered).map(\.timestampNs)
            let all = wanted.map(\.timestampNs)
            let first = ordered.order == .newestFirst ? Array(all.reversed()) : all
            #expect(times == Array(first.prefix(ordered.limit ?? 0)), "step \(step): \(ordered)")
        }
        // A stream of which entries were deleted may still be named until its blocks are written anew.
        let (named, wanted) = (try rig.store.streams(LabelRequest()), try expected.streams(LabelRequest()))
        #expect(Set(named).isSuperset(of: wanted) && named == named.sorted(), "step \(step)")
    }

    func damages() throws -> [String] { try rig.store.verify() }
}

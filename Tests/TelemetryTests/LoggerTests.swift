import Foundation
import Posix
import TestSupport
import Testing

@testable import Telemetry

/// A pipe whose reading end the test holds.
private final class LogPipe {
    let reading: Int32
    let writing: Int32

    init() {
        var ends: [Int32] = [0, 0]
        unsafe pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// What has been written so far; never waits.
    func take() -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        while true {
            let count = unsafe read(reading, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<count]
        }
    }

    func takeLines() throws -> [[String: String]] {
        try take().split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require(object).mapValues { "\($0)" }
        }
    }
}

@Suite struct LoggerTests {
    private let time = ManualTime()
    private let registry = Registry()
    private let pipe = LogPipe()

    private func logger(level: LogLevel = .info, form: LogForm = .json) -> (LogSink, Logger) {
        let sink = LogSink(descriptor: pipe.writing, level: level, form: form, registry: registry, time: time)
        return (sink, Logger(sink, component: "parts"))
    }

    private func counted(_ name: String, _ labels: String...) -> UInt64 {
        let names = labels.isEmpty ? [] : ["level"]
        return registry.counters(name, "", labels: names).with(labels).total
    }

    @Test func aLineIsOneJSONObjectWithTypedFields() throws {
        let (_, log) = logger()
        log.info(
            "part merged",
            [
                "path": "a \"b\"\\\n\u{1}é", "bytes": 12, "ratio": 0.5, "is_last": true,
                "took": .nanoseconds(1_500_000_000),
                "endless": .number(.infinity),
            ])
        let text = pipe.take()
        #expect(
            text
                == #"{"ts":"2026-01-01T00:00:00.000Z","level":"info","component":"parts","message":"part merged","#
                + #""path":"a \"b\"\\\n\u0001é","bytes":12,"ratio":0.5,"is_last":true,"took":1.5,"endless":"Infinity"}"#
                + "\n")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
        #expect(counted("obs_log_lines_total", "info") == 1)
    }

    @Test func levelsBelowTheThresholdAreNotWrittenAndTheirFieldsNotMade() throws {
        let (sink, log) = logger(level: .warning)
        func fail() -> LogFields {
            Issue.record("the fields of a line that is not written were made")
            return [:]
        }
        log.info("quiet", fail())
        log.warning("told")
        sink.level = .debug
        log.debug("told too")
        #expect(try pipe.takeLines().map { $0["message"] } == ["told", "told too"])
    }

    @Test func linesOfARequestCarryItsIdAndItsTrace() throws {
        let trace = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        let (_, log) = logger()
        log.with(requestID: "r-1", trace: trace).info("answered", ["status": 200])
        let line = try #require(try pipe.takeLines().first)
        #expect(line["request_id"] == "r-1")
        #expect(line["trace_id"] == "0af7651916cd43dd8448eb211c80319c")
        #expect(line["span_id"] == "b7ad6b7169203331")
        #expect(line["status"] == "200")
    }

    @Test func repeatsAreHeldBackAndCountedInTheNextLineOfTheirKind() throws {
        let (_, log) = logger()
        for _ in 0..<25 { log.error("disk full") }
        log.error("another kind")
        #expect(try pipe.takeLines().count == LogSink.linesPerWindow + 1)
        time.advance(bySeconds: 10)
        log.error("disk full")
        let lines = try pipe.takeLines()
        #expect(lines.count == 1)
        #expect(lines[0]["suppressed"] == "15")
        #expect(counted("obs_log_lines_suppressed_total") == 15)
    }

    @Test func whatWasHeldBackIsToldThoughItNeverComesAgain() throws {
        let (sink, log) = logger()
        for _ in 0..<12 { log.error("disk full") }
        _ = pipe.take()
        time.advance(bySeconds: 11)
        log.info("something else")
        let lines = try pipe.takeLines()
        #expect(lines.map { $0["message"] } == ["disk full", "something else"])
        #expect(lines[0]["suppressed"] == "2" && lines[0]["level"] == "error")

        for _ in 0..<13 { log.error("disk full") }
        _ = pipe.take()
        sink.flush()
        #expect(try pipe.takeLines().map { $0["suppressed"] } == ["3"])
        sink.flush()
        #expect(pipe.take().isEmpty)
    }

    @Test func theKindsThatAreRememberedAreBounded() {
        var limit = RepeatLimit(linesPerWindow: 1, windowNs: 10)
        for number in 0..<RepeatLimit.kindsMax {
            #expect(limit.judge(.info, component: "a", message: "\(number)", nowNs: 0) == .write(suppressed: 0))
        }
        for _ in 0..<3 {
            #expect(limit.judge(.info, component: "a", message: "one more", nowNs: 5) == .write(suppressed: 0))
        }
        #expect(limit.judge(.info, component: "a", message: "one more", nowNs: 20) == .write(suppressed: 0))
        #expect(limit.judge(.info, component: "a", message: "one more", nowNs: 21) == .suppress)
    }

    @Test func aLineNeverExceedsThePipeBufferAndSaysSoWhenItWasCut() throws {
        let (_, log) = logger()
        let long = String(repeating: "é", count: 3_000)
        log.info("long", ["a": .text(long), "b": .text(long), "c": .text(long), "d": .text(long), "last": 1])
        let text = pipe.take()
        #expect(text.utf8.count <= 4_096)
        let line = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(line["truncated"] as? Bool == true)
        #expect((line["a"] as? String)?.utf8.count == 1_024)
        #expect(line["d"] == nil)
        #expect(line["last"] as? Int == 1)
    }

    @Test func aReaderThatStalledCostsLinesNotTime() throws {
        let (_, log) = logger(level: .debug)
        let started = SystemTime().monotonicNs
        var sent = 0
        while counted("obs_log_lines_dropped_total") < 100 {
            log.debug("filling", ["number": .integer(sent)])
            sent += 1
            try #require(sent < 100_000)
        }
        // The first drop waits 100 ms for the reader, the other 99 not at all; 5 s allow for a busy machine.
        #expect(SystemTime().monotonicNs - started < 5_000_000_000)
        let kept = try pipe.takeLines()
        #expect(kept.count == sent - 100)
        log.debug("the reader is back")
        #expect(try pipe.takeLines().map { $0["message"] } == ["the reader is back"])
    }

    @Test func theInheritedDescriptorKeepsItsFlags() {
        let (_, log) = logger()
        log.info("a")
        #expect(fcntl(pipe.writing, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test func aSocketIsWrittenWithoutBlocking() throws {
        var ends: [Int32] = [0, 0]
        unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        defer {
            close(ends[0])
            close(ends[1])
        }
        let sink = LogSink(descriptor: ends[0], level: .debug, form: .json, registry: registry, time: time)
        let log = Logger(sink, component: "parts")
        var sent = 0
        while counted("obs_log_lines_dropped_total") == 0 {
            log.debug("filling")
            sent += 1
            try #require(sent < 100_000)
        }
    }

    @Test func aFileIsAppendedToAndOpenedAgainAfterRotation() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/obs.log"
        let sink = try LogSink(path: path, registry: registry, time: time)
        let log = Logger(sink, component: "parts")
        log.info("one")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        log.info("two")
        try sink.reopen()
        log.info("three")
        let old = try String(contentsOfFile: path + ".1", encoding: .utf8)
        let new = try String(contentsOfFile: path, encoding: .utf8)
        #expect(old.contains("one") && old.contains("two") && !old.contains("three"))
        #expect(new.contains("three") && !new.contains("two"))
    }

    @Test func theFormForPeopleIsPlain() throws {
        let (_, log) = logger(form: .plain(coloured: false))
        log.warning(
            "cannot merge", ["part": "0042", "why": "no space \u{1b}[2J left", "took": .nanoseconds(1_000_000)])
        #expect(
            pipe.take()
                == "00:00:00.000 WARNING parts: cannot merge part=0042 why=\"no space \\x1b[2J left\" took=0.001s\n")
    }

    @Test func threadsWriteWholeLines() throws {
        let (_, log) = logger(level: .debug)
        let threads = try (0..<4).map { thread in
            try OwnedThread(name: "log-\(thread)") {
                for number in 0..<40 { log.debug("line", ["thread": .integer(thread), "number": .integer(number)]) }
            }
        }
        for thread in threads { thread.join() }
        let lines = try pipe.takeLines()
        for thread in 0..<4 {
            let numbers = lines.filter { $0["thread"] == "\(thread)" }.compactMap { $0["number"] }
            #expect(numbers == (0..<40).map { "\($0)" })
        }
    }
}

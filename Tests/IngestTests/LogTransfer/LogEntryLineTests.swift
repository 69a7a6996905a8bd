import Encoding
import Ingest
import Model
import Storage
import TestSupport
import Testing

@Suite("Entries of logs as lines of JSON")
struct LogEntryLineTests {
    @Test("come back byte for byte, whatever their bytes are")
    func roundTrips() throws {
        var generator = SeededGenerator.announced()
        let store = MemoryLogStore()
        var expected: [String] = []
        let starts: [[UInt8]] = [
            [], Array("plain".utf8), Array("\"quoted\" \\ \n\t ü 🙂".utf8), [0xff, 0x00, 0xc3], Array(#"{"a":1}"#.utf8),
        ]
        for number in 0..<500 {
            var batch = LogBatch()
            let stream = Labels([("app", "a\(number % 3)"), ("x", "\"\(number % 2)\\")])
            var line = starts.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                line.append(.random(in: 0...255, using: &generator))
            }
            let metadata = number % 4 == 0 ? Labels([("trace_id", "t\(number)")]) : .empty
            let ns = Int64.random(in: .min ... .max, using: &generator)
            batch.append(ns, stream: batch.appendStream(stream), line.span, metadata: metadata)
            _ = try store.append(batch)
            expected.append("\(stream) \(ns) \(line) \(metadata)")
        }
        let scan = try store.scan(LogSelectRequest(matchers: []))
        var block = LogBlock()
        var text: [UInt8] = []
        while try scan.next(into: &block) { LogEntryLine.append(block, to: &text) }
        var reader = LogEntryReader()
        var read = LogBatch()
        for line in text.split(separator: 0x0a) {
            let line = Array(line)
            try reader.read(line.span, into: &read)
        }
        let got = read.entries.map { entry in
            let labels = Labels(canonical: Array(read.bytes[read.streams[entry.stream]]))
            let metadata = Labels(canonical: Array(read.bytes[entry.metadata]))
            return "\(labels) \(entry.timestampNs) \(Array(read.bytes[entry.line])) \(metadata)"
        }
        #expect(got == expected)
        #expect(read.streams.count == 6)
    }

    @Test(
        "are refused with a reason where they are none",
        arguments: [
            "x", "{}", #"{"stream":{"a":"b"}}"#, #"{"stream":{"a":"b"},"ns":"1"}"#,
            #"{"stream":{"a":1},"ns":1,"line":""}"#, #"{"stream":{"a":"b"},"ns":"soon","line":""}"#,
            #"{"stream":{"a":"b"},"ns":1,"lineBase64":"?"}"#,
        ])
    func refusesFlaws(line: String) {
        var reader = LogEntryReader()
        var batch = LogBatch()
        let bytes = Array(line.utf8)
        #expect(throws: LineFlaw.self) { try reader.read(bytes.span, into: &batch) }
        #expect(batch.entries.isEmpty)
    }
}

import Encoding
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

@testable import Agent

@Suite("The store of an agent's scraper")
struct SpoolStoreTests {
    @Test("writes each batch as a request, with labels that were told once and those of the host")
    func writes() throws {
        let directory = TemporaryDirectory()
        let spool = try Spool(directory.path, collectors: ["a"], registry: Registry())
        let store = SpoolStore(spool, labels: ["host": "h", "job": "never"])
        let labels = Labels([("__name__", "x"), ("job", "j")])
        var batch = SampleBatch()
        batch.append(labels, [(1_000, 1)])
        #expect(try store.append(&batch).acceptedSamples == 1)
        let reference = batch.series[0].reference
        #expect(reference != .unresolved)
        // The next scrape brings the reference alone.
        var next = SampleBatch()
        next.append(labels, [(2_000, 2)])
        next.series[0].labels = 0..<0
        store.resolve(&next)
        #expect(next.series[0].reference == reference)
        #expect(try store.append(&next).acceptedSamples == 1)
        // One that nobody has told of asks for its labels.
        var unknown = SampleBatch()
        unknown.append(Labels([("__name__", "y")]), [(3_000, 3)])
        unknown.series[0].reference = .init(99)
        unknown.series[0].labels = 0..<0
        let outcome = try store.append(&unknown)
        #expect(outcome.unresolved == [0] && outcome.acceptedSamples == 0)
        var found: [String] = []
        while let (record, end) = try spool.next(for: spool.readers[0], atMostNs: 0) {
            try spool.noteTaken(spool.readers[0], upTo: end)
            var body: [UInt8] = []
            try Snappy.decompress(record.body.span, bytesMax: 1 << 20, appendingTo: &body)
            let text = String(decoding: body.map { $0 < 32 || $0 > 126 ? 32 : $0 }, as: UTF8.self)
            found.append(text.split(separator: " ").filter { $0.count > 0 && $0 != "?" }.joined(separator: " "))
        }
        #expect(found.count == 2)
        for text in found {
            let words = text.split(separator: " ").map(String.init)
            for word in ["host", "h", "job", "j", "x"] { #expect(words.contains(word), "\(text)") }
            #expect(!words.contains("never"))
        }
        try spool.close()
    }
}

import Encoding
import Ingest
import Storage

extension FuzzedDecoder {
    /// Bulk requests, answered as if the store had taken all and as if it had refused all.
    static let bulk = FuzzedDecoder("bulk") { bytes in
        var reader = LogLineReader(streamFields: ["a"], timeFields: ["@timestamp"], nowNs: 1)
        var request = BulkRequest(index: "logs")
        var batch = LogBatch()
        guard (try? request.read(bytes, &reader, into: &batch)) != nil else { return }  // a refusal is an answer
        checkBatch(batch)
        var outcome = LogAppendOutcome()
        checkAnswer(request.answer(outcome, tookMs: 0), hasErrors: nil)
        for entry in batch.entries.indices { outcome.refuse(entry, .tooManyStreams, "no") }
        checkAnswer(request.answer(outcome, tookMs: 0), hasErrors: batch.entries.isEmpty ? nil : true)
    }

    private static func checkAnswer(_ answer: [UInt8], hasErrors: Bool?) {
        guard let value = try? JSONValue.parse(answer.span) else {  // the check is what tells
            return check(false, "the answer is no JSON")
        }
        check(value["items"]?.elements != nil, "the answer has no items")
        if let hasErrors { check(value["errors"] == .bool(hasErrors), "errors are not told") }
    }
}

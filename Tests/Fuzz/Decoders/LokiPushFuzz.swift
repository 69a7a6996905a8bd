import Encoding
import Ingest
import Model
import Storage

extension FuzzedDecoder {
    /// Both forms of a push: every range lies in the buffer, and labels and metadata are canonical.
    static let lokiPush = FuzzedDecoder("loki-push") { bytes in
        if let batch = try? LokiPushDecoder.batch(bytes.array) { checkBatch(batch) }  // refusing is right, too
        if let batch = try? LokiPushJSON.batch(bytes) { checkBatch(batch) }  // as above
    }

    static func checkBatch(_ batch: LogBatch) {
        let all = 0...batch.bytes.count
        for entry in batch.entries {
            Fuzz.check(batch.streams.indices.contains(entry.stream), "an entry of no stream")
            for range in [entry.line, entry.metadata] {
                Fuzz.check(all.contains(range.lowerBound) && all.contains(range.upperBound), "a range lies outside")
            }
            checkCanonical(Array(batch.bytes[entry.metadata]))
        }
        for stream in batch.streams { checkCanonical(Array(batch.bytes[stream])) }
    }

    private static func checkCanonical(_ bytes: [UInt8]) {
        let labels = Labels(canonical: bytes)
        var builder = LabelsBuilder()
        var cursor = LabelCursor()
        while cursor.advance(in: bytes.span) {
            builder.append(bytes.span.extracting(cursor.name), bytes.span.extracting(cursor.value))
        }
        var written: [UInt8] = []
        Fuzz.check(builder.write(into: &written) && written == labels.bytes, "labels are not canonical")
    }
}

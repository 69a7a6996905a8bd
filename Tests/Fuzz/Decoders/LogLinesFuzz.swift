import Encoding
import Ingest
import Model
import Storage

extension FuzzedDecoder {
    /// Lines of JSON, and the fields of any line: what stands between the values and the values are all of the line.
    static let logLines = FuzzedDecoder("log-lines") { bytes in
        var reader = LogLineReader(streamFields: ["a", "b.c"], timeFields: ["t"], nowNs: 1)
        var batch = LogBatch()
        _ = reader.read(bytes, into: &batch)
        checkBatch(batch)
        var fields = LogFields()
        fields.scan(bytes)
        var end: Int32 = 0
        for field in fields.fields {
            Fuzz.check(field.value.lowerBound >= end && field.value.upperBound <= bytes.count, "a value lies outside")
            end = field.value.upperBound
            var text: [UInt8] = []
            fields.appendName(of: field, in: bytes, to: &text)
            LogFields.append(bytes.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &text)
        }
    }
}

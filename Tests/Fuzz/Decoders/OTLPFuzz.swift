import Encoding
import Ingest

extension FuzzedDecoder {
    /// The message and its JSON are both read to their end or refused.
    static let otlp = FuzzedDecoder("otlp") { bytes in
        if let resources = try? OTLPProtobuf.read(bytes) {  // a refusal is an answer
            check(resources.count <= bytes.count, "more resources than bytes")
        }
        if let resources = try? OTLPJSON.read(bytes) {  // the same
            check(resources.count <= bytes.count, "more resources than bytes")
        }
    }
}

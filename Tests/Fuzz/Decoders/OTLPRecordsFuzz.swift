import Encoding
import Ingest
import Storage

extension FuzzedDecoder {
    /// Exports of logs and of spans, as messages and as JSON.
    static let otlpRecords = FuzzedDecoder("otlp-records") { bytes in
        checkExport(OTLPLogBatch(nowNs: 1), bytes)
        checkExport(OTLPSpanBatch(), bytes)
    }

    private static func checkExport<Export: OTLPExport>(_ export: Export, _ bytes: Span<UInt8>) {
        var (message, json) = (export, export)
        try? message.readProtobuf(bytes)  // a refusal is an answer; what was read before it is whole
        checkBatch(message.batch)
        try? json.readJSON(bytes)  // the same
        checkBatch(json.batch)
    }
}

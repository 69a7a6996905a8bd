import Encoding
import Ingest

extension FuzzedDecoder {
    /// Deliveries, whose records may be packed.
    static let firehose = FuzzedDecoder("firehose") { bytes in
        var delivery = FirehoseDelivery(
            bytesMax: 1 << 20, attributes: #"{"commonAttributes":{"a-b":"c","log_group":"x"}}"#, nowNs: 1)
        try? delivery.read(bytes)  // a refusal is an answer; what was read before it is whole
        checkBatch(delivery.batch)
    }
}

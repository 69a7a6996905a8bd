package import Encoding
package import Model

/// Writes a batch as a request of remote_write, 1.0 or 2.0, compressed by snappy. Every series of the batch has its
/// labels written; keep the encoder, which keeps its buffers.
package struct WriteRequestEncoder: Sendable {
    private var plain = ProtobufWriter()
    private var symbols = SymbolTable()
    private var references: [UInt64] = []

    package init() {}

    /// The body of a request with everything that the batch holds.
    ///
    /// - Parameter families: what 2.0 tells of each series' family; 1.0 sends `batch.metadata` apart from series.
    package mutating func encode(
        _ batch: borrowing SampleBatch, as message: RemoteWriteOptions.Message,
        families: borrowing MetricFamilies = MetricFamilies()
    ) throws(CompressionError) -> [UInt8] {
        plain.bytes.removeAll(keepingCapacity: true)
        switch message {
        case .version1: writeFirst(batch)
        case .version2: writeSecond(batch, families)
        }
        var body: [UInt8] = []
        let bytes = plain.bytes
        try Snappy.compress(bytes.span, appendingTo: &body)
        return body
    }

    /// Exemplars stand in the order of their series, as decoders leave them.
    private static func exemplars(
        of series: Int, in batch: borrowing SampleBatch, _ next: inout Int
    ) -> Range<Int> {
        while next < batch.exemplars.count, batch.exemplars[next].series < series { next += 1 }
        let first = next
        while next < batch.exemplars.count, batch.exemplars[next].series == series { next += 1 }
        return first..<next
    }
}

/// `prometheus.WriteRequest`.
extension WriteRequestEncoder {
    private mutating func writeFirst(_ batch: borrowing SampleBatch) {
        var nextExemplar = 0
        for index in batch.series.indices {
            let series = batch.series[index]
            let exemplars = Self.exemplars(of: index, in: batch, &nextExemplar)
            plain.message(1) { message in
                Self.labels(batch.labelBytes.span.extracting(series.labels), &message)
                for place in series.samples {
                    message.message(2) {
                        $0.double(1, batch.values[place])
                        $0.int64(2, batch.timestampsMs[place])
                    }
                }
                for place in exemplars {
                    let exemplar = batch.exemplars[place]
                    message.message(3) {
                        Self.labels(exemplar.labels.bytes.span, &$0)
                        $0.double(2, exemplar.value)
                        $0.int64(3, exemplar.timestampMs)
                    }
                }
                for place in series.histograms { message.message(4) { $0.write(batch.histograms[place]) } }
            }
        }
        for family in batch.metadata {
            plain.message(3) {
                $0.varint(1, family.kind.wireNumber)
                $0.string(2, family.family)
                $0.string(4, family.help)
                $0.string(5, family.unit)
            }
        }
    }

    private static func labels(_ bytes: Span<UInt8>, _ message: inout ProtobufWriter) {
        var cursor = LabelCursor()
        while cursor.advance(in: bytes) {
            let name = bytes.extracting(cursor.name)
            let value = bytes.extracting(cursor.value)
            let count =
                2 + Varint.byteCount(UInt64(name.count)) + Varint.byteCount(UInt64(value.count)) + name.count
                + value.count
            message.header(1, byteCount: count)
            message.bytes(1, name)
            message.bytes(2, value)
        }
    }
}

/// `io.prometheus.write.v2.Request`.
extension WriteRequestEncoder {
    private mutating func writeSecond(_ batch: borrowing SampleBatch, _ families: borrowing MetricFamilies) {
        symbols.removeAll()
        var nextExemplar = 0
        for index in batch.series.indices {
            let exemplars = Self.exemplars(of: index, in: batch, &nextExemplar)
            writeSecond(batch, index, exemplars, families)
        }
        // The table stands before the series, so that a reader needs one pass.
        var request = ProtobufWriter()
        request.bytes.reserveCapacity(symbols.byteCount + plain.bytes.count + symbols.count * 3)
        for index in 0..<symbols.count { request.bytes(4, symbols[index]) }
        request.bytes += plain.bytes
        plain = request
    }

    private mutating func writeSecond(
        _ batch: borrowing SampleBatch, _ index: Int, _ exemplars: Range<Int>, _ families: borrowing MetricFamilies
    ) {
        let series = batch.series[index]
        let labels = batch.labelBytes.span.extracting(series.labels)
        refer(to: labels)
        let own = references
        var ofExemplars: [[UInt64]] = []
        for place in exemplars {
            let bytes = batch.exemplars[place].labels.bytes
            refer(to: bytes.span)
            ofExemplars.append(references)
        }
        let metadata = families.isEmpty ? nil : families.family(of: labels)
        let help = metadata.map { symbols.reference(to: $0.help) } ?? 0
        let unit = metadata.map { symbols.reference(to: $0.unit) } ?? 0
        let hasStarts = !batch.startTimestampsMs.isEmpty
        plain.message(5) { message in
            message.packedVarints(1, own.span)
            for place in series.samples {
                message.message(2) {
                    $0.double(1, batch.values[place])
                    $0.int64(2, batch.timestampsMs[place])
                    if hasStarts, batch.startTimestampsMs[place] != 0 { $0.int64(3, batch.startTimestampsMs[place]) }
                }
            }
            for place in series.histograms { message.message(3) { $0.write(batch.histograms[place]) } }
            for (place, labels) in zip(exemplars, ofExemplars) {
                let exemplar = batch.exemplars[place]
                message.message(4) {
                    $0.packedVarints(1, labels.span)
                    $0.double(2, exemplar.value)
                    $0.int64(3, exemplar.timestampMs)
                }
            }
            if let metadata {
                message.message(5) {
                    $0.varint(1, metadata.kind.wireNumber)
                    $0.varint(3, help)
                    $0.varint(4, unit)
                }
            }
        }
    }

    /// Fills `references` with the symbols of a label set.
    private mutating func refer(to labels: Span<UInt8>) {
        references.removeAll(keepingCapacity: true)
        var cursor = LabelCursor()
        while cursor.advance(in: labels) {
            references.append(symbols.reference(to: labels.extracting(cursor.name)))
            references.append(symbols.reference(to: labels.extracting(cursor.value)))
        }
    }
}

package import Encoding
package import Model

/// Reads `io.prometheus.write.v2.Request` (remote_write 2.0) into a batch. Names and values stand once in a table of
/// symbols, which is the request's own, so the canonical labels are the series' key.
package struct WriteRequestV2Decoder: Sendable {
    /// Why a series of a request cannot be taken.
    package struct Flaw: Sendable, Equatable {
        /// Which series of the request it is.
        package let place: Int
        package let samples: Int
        package let reason: String
    }

    package private(set) var flaws: [Flaw] = []
    private let seed: Hash128
    private var symbols: [Range<Int>] = []
    /// Series read so far.
    private var place = 0
    private var builder = LabelsBuilder()

    package init(seed: Hash128) { self.seed = seed }

    /// Replaces what the batch holds by the series of `body`, which is not compressed any more.
    package mutating func decode(_ body: Span<UInt8>, into batch: inout SampleBatch) throws(DecodeError) {
        batch.removeAll()
        flaws.removeAll()
        place = 0
        symbols.removeAll(keepingCapacity: true)
        // The table may stand behind the series.
        var request = ProtobufReader(body)
        while let tag = try request.nextTag() {
            guard tag == .bytes(4) else {
                try request.skip(tag)
                continue
            }
            let symbol = try request.readBytes()
            symbols.append(request.offset - symbol.count..<request.offset)
        }
        request = ProtobufReader(body)
        while let tag = try request.nextTag() {
            if tag == .bytes(5) {
                try readSeries(request.readMessage(), body, into: &batch)
                place += 1
            } else {
                try request.skip(tag)
            }
        }
    }

    private mutating func readSeries(
        _ message: consuming ProtobufReader, _ body: Span<UInt8>, into batch: inout SampleBatch
    ) throws(DecodeError) {
        let firstSample = batch.values.count
        let firstHistogram = batch.histograms.count
        let firstExemplar = batch.exemplars.count
        var labels: [UInt64] = []
        var createdMs: Int64 = 0
        var kind: UInt64 = 0
        var help: UInt64 = 0
        var unit: UInt64 = 0
        var flaw: String?
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): try message.readPackedVarints(appendingTo: &labels)
            case .varint(1): labels.append(try message.readVarint())
            case .bytes(2): try readSample(message.readMessage(), into: &batch)
            case .bytes(3):
                if let histogram = try WireHistogram.read(message.readMessage()) {
                    batch.histograms.append(histogram)
                } else {
                    flaw = "a bucket of a histogram counts less than nothing"
                }
            case .bytes(4):
                if let exemplar = try readExemplar(message.readMessage(), body, series: batch.series.count) {
                    batch.exemplars.append(exemplar)
                }
            case .bytes(5):
                var metadata = try message.readMessage()
                while let tag = try metadata.nextTag() {
                    switch tag {
                    case .varint(1): kind = try metadata.readVarint()
                    case .varint(3): help = try metadata.readVarint()
                    case .varint(4): unit = try metadata.readVarint()
                    default: try metadata.skip(tag)
                    }
                }
            case .varint(6): createdMs = Int64(bitPattern: try message.readVarint())
            default: try message.skip(tag)
            }
        }
        let start = batch.labelBytes.count
        flaw = flaw ?? write(labels, body, into: &batch.labelBytes)
        if let flaw {
            flaws.append(
                Flaw(
                    place: place, samples: batch.values.count - firstSample + batch.histograms.count - firstHistogram,
                    reason: flaw))
            batch.labelBytes.removeLast(batch.labelBytes.count - start)
            batch.values.removeLast(batch.values.count - firstSample)
            batch.timestampsMs.removeLast(batch.timestampsMs.count - firstSample)
            batch.startTimestampsMs.removeLast(batch.startTimestampsMs.count - firstSample)
            batch.histograms.removeLast(batch.histograms.count - firstHistogram)
            batch.exemplars.removeLast(batch.exemplars.count - firstExemplar)
            return
        }
        if createdMs != 0 {
            for index in firstSample..<batch.values.count where batch.startTimestampsMs[index] == 0 {
                batch.startTimestampsMs[index] = createdMs
            }
        }
        note(kind, help, unit, body, into: &batch)
        let range = start..<batch.labelBytes.count
        batch.series.append(
            SampleBatch.Series(
                key: Hash128.of(batch.labelBytes.span.extracting(range), seed: seed), labels: range,
                samples: firstSample..<batch.values.count, histograms: firstHistogram..<batch.histograms.count))
    }

    private func readSample(
        _ message: consuming ProtobufReader, into batch: inout SampleBatch
    ) throws(DecodeError) {
        var value = 0.0
        var timestampMs: Int64 = 0
        var startMs: Int64 = 0
        while let tag = try message.nextTag() {
            switch tag {
            case .fixed64(1): value = try message.readDouble()
            case .varint(2): timestampMs = Int64(bitPattern: try message.readVarint())
            case .varint(3): startMs = Int64(bitPattern: try message.readVarint())
            default: try message.skip(tag)
            }
        }
        batch.values.append(value)
        batch.timestampsMs.append(timestampMs)
        batch.startTimestampsMs.append(startMs)
    }

    private mutating func readExemplar(
        _ message: consuming ProtobufReader, _ body: Span<UInt8>, series: Int
    ) throws(DecodeError) -> SampleBatch.Exemplar? {
        var labels: [UInt64] = []
        var value = 0.0
        var timestampMs: Int64 = 0
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): try message.readPackedVarints(appendingTo: &labels)
            case .varint(1): labels.append(try message.readVarint())
            case .fixed64(2): value = try message.readDouble()
            case .varint(3): timestampMs = Int64(bitPattern: try message.readVarint())
            default: try message.skip(tag)
            }
        }
        guard fill(labels, body) == nil else { return nil }
        var bytes: [UInt8] = []
        guard builder.write(into: &bytes) else { return nil }
        return SampleBatch.Exemplar(
            series: series, labels: Labels(canonical: bytes), value: value, timestampMs: timestampMs)
    }

    /// Puts the labels that the references mean into the builder. Returns what is wrong with them.
    private mutating func fill(_ references: [UInt64], _ body: Span<UInt8>) -> String? {
        builder.removeAll()
        guard references.count.isMultiple(of: 2) else { return "a series has a label name without a value" }
        for index in stride(from: 0, to: references.count, by: 2) {
            guard references[index] < UInt64(symbols.count), references[index + 1] < UInt64(symbols.count) else {
                return "a label names a symbol that the request does not have"
            }
            let name = body.extracting(symbols[Int(references[index])])
            let value = body.extracting(symbols[Int(references[index + 1])])
            if name.isEmpty { return "a label has an empty name" }
            guard UTF8Check.isValid(name), UTF8Check.isValid(value) else { return "a label is not valid UTF-8" }
            builder.append(name, value)
        }
        return nil
    }

    private mutating func write(
        _ references: [UInt64], _ body: Span<UInt8>, into bytes: inout [UInt8]
    ) -> String? {
        if let flaw = fill(references, body) { return flaw }
        if builder.value(of: Labels.metricName).isEmpty { return "the series has no label __name__" }
        return builder.write(into: &bytes) ? nil : "a label name occurs twice"
    }

    /// What the series tells of its family; the builder still holds its labels.
    private func note(
        _ kind: UInt64, _ help: UInt64, _ unit: UInt64, _ body: Span<UInt8>, into batch: inout SampleBatch
    ) {
        guard kind != 0 || help != 0 || unit != 0 else { return }
        func text(_ reference: UInt64) -> String {
            reference < UInt64(symbols.count) ? body.extracting(symbols[Int(reference)]).text : ""
        }
        batch.metadata.append(
            MetricMetadata(
                family: builder.value(of: Labels.metricName),
                kind: MetricMetadata.Kind(wireNumber: kind), help: text(help),
                unit: text(unit)))
    }
}

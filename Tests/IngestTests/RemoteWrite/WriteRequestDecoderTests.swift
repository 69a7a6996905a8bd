import Encoding
import Ingest
import Model
import TestSupport
import Testing

private let seed = Hash128(low: 1, high: 2)

struct WriteRequestDecoderTests {
    private func decode(_ body: [UInt8]) throws -> (SampleBatch, WriteRequestDecoder) {
        var decoder = WriteRequestDecoder(seed: seed)
        var batch = SampleBatch()
        try decoder.decode(body.span, into: &batch)
        return (batch, decoder)
    }

    private func labels(_ body: [UInt8], _ decoder: WriteRequestDecoder, _ series: Int) throws -> Labels {
        var bytes: [UInt8] = []
        var wire = WireLabels()
        _ = try wire.write(body.span.extracting(decoder.labelRanges[series]), into: &bytes)
        return Labels(canonical: bytes)
    }

    @Test func seriesBringTheirSamplesInOrder() throws {
        let up = field(1, label("__name__", "up") + label("job", "node") + sample(1, 10) + sample(0.5, 20))
        let body = up + field(1, label("__name__", "down") + sample(-3, 30))
        let (batch, decoder) = try decode(body)
        #expect(batch.series.map(\.samples) == [0..<2, 2..<3])
        #expect(batch.values == [1, 0.5, -3])
        #expect(batch.timestampsMs == [10, 20, 30])
        #expect(try labels(body, decoder, 0) == Labels([("__name__", "up"), ("job", "node")]))
        #expect(try labels(body, decoder, 1) == Labels([("__name__", "down")]))
    }

    @Test func valuesKeepTheirBits() throws {
        for value in [
            StaleMarker.value, Double(bitPattern: 0x7ff8_0000_0000_0abc), -0.0, .infinity, .leastNonzeroMagnitude,
        ] {
            let (batch, _) = try decode(field(1, label("__name__", "x") + sample(value, 1)))
            #expect(batch.values[0].bitPattern == value.bitPattern)
        }
    }

    @Test func aNegativeTimestampIsTenBytesLong() throws {
        let minusOne: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
        let (batch, _) = try decode(field(1, label("__name__", "x") + field(2, [0x10] + minusOne)))
        #expect(batch.timestampsMs == [-1])
        #expect(batch.values == [0])
    }

    @Test func equalLabelsHaveEqualKeysWhateverTheSamplesAre() throws {
        let names = label("__name__", "up") + label("job", "node")
        let other = field(1, label("__name__", "up") + label("job", "other"))
        let (batch, _) = try decode(field(1, names + sample(1, 1)) + field(1, names + sample(2, 2)) + other)
        #expect(batch.series[0].key == batch.series[1].key)
        #expect(batch.series[0].key != batch.series[2].key)
    }

    @Test func labelsMayStandApart() throws {
        let body = field(1, label("job", "node") + sample(1, 1) + label("__name__", "up"))
        let (batch, decoder) = try decode(body)
        #expect(try labels(body, decoder, 0) == Labels([("__name__", "up"), ("job", "node")]))
        let (together, _) = try decode(field(1, label("job", "node") + label("__name__", "up") + sample(1, 1)))
        #expect(batch.series[0].key == together.series[0].key)
    }

    @Test func unknownFieldsArePassedOver() throws {
        let unknown: [UInt8] = [0x38, 0x05] + field(15, [1, 2, 3])
        let known = field(1, unknown + label("__name__", "x") + unknown + sample(7, 1))
        let body = unknown + known + field(3, [0x08, 0x01])
        let (batch, decoder) = try decode(body)
        #expect(batch.values == [7])
        #expect(try labels(body, decoder, 0) == Labels([("__name__", "x")]))
    }

    @Test func everyTruncationIsRefusedOrHoldsFewerSeries() throws {
        let first = field(1, label("__name__", "up") + sample(1, 10))
        let body = first + field(1, label("__name__", "down") + sample(2, 20))
        for end in 1..<body.count where end != first.count {
            #expect(throws: DecodeError.self) { try decode(Array(body[..<end])) }
        }
        #expect(try decode(first).0.series.count == 1)
    }

    @Test(arguments: [
        (label("job", "node"), LabelFlaw.Reason.noMetricName),
        (label("__name__", ""), .noMetricName),
        (label("__name__", "x") + label("", "y"), .emptyLabelName),
        (label("__name__", "x") + label("a", "1") + label("a", "2"), .repeated),
        (field(1, field(1, Array("__name__".utf8)) + field(2, [0xff])), .invalidUTF8(label: "\"__name__\"")),
    ])
    func flawedLabelsAreNamed(fields: [UInt8], flaw: LabelFlaw.Reason) {
        var wire = WireLabels()
        var bytes: [UInt8] = [9]
        let error = #expect(throws: LabelFlaw.self) { try wire.write(fields.span, into: &bytes) }
        #expect(error?.reason == flaw)
        #expect(bytes == [9])
    }
}

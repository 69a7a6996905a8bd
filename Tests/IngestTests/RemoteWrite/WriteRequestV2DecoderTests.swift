import Encoding
import Ingest
import Model
import Testing

/// Requests by the field numbers of io/prometheus/write/v2/types.proto.
struct WriteRequestV2DecoderTests {
    private static let symbols = ["", "__name__", "hits_total", "job", "a", "What is counted.", "trace", "x"]

    private func request(_ series: [(inout ProtobufWriter) -> Void]) -> [UInt8] {
        var writer = ProtobufWriter()
        for symbol in Self.symbols { writer.string(4, symbol) }
        for write in series { writer.message(5, write) }
        return writer.bytes
    }

    private func references(_ number: UInt32, _ values: [UInt64], _ writer: inout ProtobufWriter) {
        writer.packedVarints(number, values.span)
    }

    private func decode(_ bytes: [UInt8]) throws -> (batch: SampleBatch, flaws: [WriteRequestV2Decoder.Flaw]) {
        var decoder = WriteRequestV2Decoder(seed: Hash128(low: 1, high: 2))
        var batch = SampleBatch()
        try decoder.decode(bytes.span, into: &batch)
        return (batch, decoder.flaws)
    }

    private func labels(_ batch: SampleBatch, _ series: Int) -> Labels {
        Labels(canonical: Array(batch.labelBytes[batch.series[series].labels]))
    }

    private func good(_ writer: inout ProtobufWriter) {
        references(1, [1, 2, 3, 4], &writer)
        writer.message(2) {
            $0.double(1, 7)
            $0.int64(2, 1000)
        }
        writer.message(2) {
            $0.double(1, 8)
            $0.int64(2, 2000)
            $0.int64(3, 500)
        }
        writer.message(4) {
            references(1, [6, 7], &$0)
            $0.double(2, 0.5)
            $0.int64(3, 1500)
        }
        writer.message(5) {
            $0.varint(1, 1)
            $0.varint(3, 5)
        }
        writer.int64(6, 400)
    }

    @Test func aSeriesBringsSamplesStartsExemplarsAndMetadata() throws {
        let (batch, flaws) = try decode(request([good]))
        #expect(flaws.isEmpty)
        #expect(labels(batch, 0) == Labels([("__name__", "hits_total"), ("job", "a")]))
        #expect(
            batch.values == [7, 8] && batch.timestampsMs == [1000, 2000] && batch.startTimestampsMs == [400, 500])
        #expect(batch.exemplars.map(\.labels) == [Labels([("trace", "x")])] && batch.exemplars[0].timestampMs == 1500)
        #expect(batch.metadata == [MetricMetadata(family: "hits_total", kind: .counter, help: "What is counted.")])
    }

    @Test func histogramsHaveAbsoluteCounts() throws {
        let (batch, _) = try decode(
            request([
                {
                    references(1, [1, 2], &$0)
                    $0.message(3) {
                        $0.varint(1, 5)
                        $0.double(3, 9.5)
                        $0.zigZag(4, -1)
                        $0.message(11) {
                            $0.zigZag(1, 2)
                            $0.varint(2, 2)
                        }
                        $0.zigZag(12, 3)
                        $0.zigZag(12, -1)
                        $0.varint(14, 3)
                        $0.int64(15, 1000)
                    }
                }
            ]))
        #expect(
            batch.histograms == [
                SampleBatch.Histogram(
                    timestampMs: 1000,
                    value: NativeHistogram(
                        schema: -1, counterResetHint: .gauge, sum: 9.5,
                        counts: .integer(count: 5, zero: 0, positive: [3, 2], negative: []),
                        positiveSpans: [.init(offset: 2, length: 2)]))
            ])
    }

    @Test func flawedSeriesAreLeftOutAndTold() throws {
        let flawed: [(inout ProtobufWriter) -> Void] = [
            { references(1, [1, 99], &$0) }, { references(1, [1], &$0) }, { references(1, [3, 4], &$0) },
            { references(1, [1, 2, 1, 2], &$0) }, { references(1, [0, 2], &$0) },
        ]
        for write in flawed {
            let (batch, flaws) = try decode(
                request([
                    good,
                    {
                        write(&$0)
                        $0.message(2) { $0.double(1, 1) }
                    }, good,
                ]))
            #expect(flaws.map(\.samples) == [1] && batch.series.count == 2 && batch.values.count == 4)
            #expect(batch.startTimestampsMs.count == 4 && batch.exemplars.map(\.series) == [0, 1])
        }
    }

    @Test func everyTruncationIsRefusedOrHoldsLess() throws {
        let whole = request([good])
        for count in 0..<whole.count {
            let part = try? decode(Array(whole[..<count]))  // a refusal is an answer
            #expect(part.map { $0.batch.series.isEmpty } ?? true)
        }
    }
}

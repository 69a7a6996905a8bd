import Encoding
import Ingest
import Model
import Storage
import TestSupport
import Testing

struct JSONLineTests {
    private let seed = Hash128(low: 5, high: 6)

    /// What a line holds, in columns, or why it is refused.
    private func read(_ text: String) -> (batch: SampleBatch, flaw: String?) {
        var batch = SampleBatch()
        var reader = JSONLineReader(seed: seed)
        let line = Array(text.utf8)
        do throws(LineFlaw) {
            let metric = try reader.read(line.span, into: &batch)
            do throws(LabelFlaw) {
                batch.series[0].labels = try reader.writeLabels(line.span.extracting(metric), into: &batch.labelBytes)
            } catch {
                return (batch, "\(error.series): \(error.reason)")
            }
            return (batch, nil)
        } catch {
            return (batch, error.description)
        }
    }

    private func labels(_ batch: SampleBatch) -> String { "\(Labels(canonical: batch.labelBytes))" }

    private func write(_ labels: Labels, _ block: SeriesBlock) -> [String] {
        var writer = JSONLineWriter()
        writer.beginBlock()
        writer.append(labels.bytes.span, block, 0)
        return String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func block(_ samples: [(Int64, Double)], starts: [Int64] = []) -> SeriesBlock {
        var block = SeriesBlock()
        block.timestampsMs = samples.map(\.0)
        block.values = samples.map(\.1)
        block.startTimestampsMs = starts
        block.floats = [SeriesBlock.Floats(timestampStart: 0, valueStart: 0, count: samples.count)]
        block.histogramOffsets = [0, 0]
        return block
    }

    /// The example of VictoriaMetrics' documentation of /api/v1/import.
    @Test func readsTheDocumentedForm() {
        let (batch, flaw) = read(
            """
            {"metric":{"__name__":"bar","job":"node_exporter"},"values":[0,0.123,-5e3],"timestamps":[1549891472010,1549891487724,1549891503438]}
            """)
        #expect(flaw == nil)
        #expect(labels(batch) == "bar{job=\"node_exporter\"}")
        #expect(batch.values == [0, 0.123, -5000])
        #expect(batch.timestampsMs == [1_549_891_472_010, 1_549_891_487_724, 1_549_891_503_438])
        #expect(batch.series.map(\.samples) == [0..<3])
    }

    @Test func readsWhatJSONHasNoNumberFor() {
        let (batch, flaw) = read(
            """
            { "timestamps" : [1,2,3,4,5e0,6.0] , "metric":{"__name__":"a\\u0062\\n"}, "values":[ null, "Infinity", "-Infinity" ,"NaN","inf","-inf"], "other": {"values":[1]} }
            """)
        #expect(flaw == nil)
        #expect(labels(batch) == "{\"ab\\n\"}")
        #expect(
            batch.values.map(\.bitPattern)
                == [
                    0x7ff8_0000_0000_0001, 0x7ff0 << 48, 0xfff0 << 48, 0x7ff8_0000_0000_0001, 0x7ff0 << 48,
                    0xfff0 << 48,
                ])
        #expect(batch.timestampsMs == [1, 2, 3, 4, 5, 6])
    }

    @Test(arguments: [
        ("[1]", "a line has to be an object"),
        ("{\"metric\":{},\"values\":[1],}", "it is no JSON"),
        ("{\"values\":[1],\"timestamps\":[1]}", "\"metric\" is missing"),
        ("{\"metric\":[],\"values\":[1],\"timestamps\":[1]}", "\"metric\" is not what it should be"),
        (
            "{\"metric\":{\"__name__\":\"x\"},\"values\":[1,2],\"timestamps\":[1]}",
            "there are 2 values and 1 timestamps"
        ),
        ("{\"metric\":{\"__name__\":\"x\"},\"values\":[true],\"timestamps\":[1]}", "the value \"true\" is no number"),
        ("{\"metric\":{\"__name__\":\"x\"},\"values\":[1],\"timestamps\":[1.5]}", "\"timestamps\" holds \"1.5\""),
        (
            "{\"metric\":{\"__name__\":\"x\"},\"values\":[1],\"timestamps\":[1],\"nans\":[[0,\"7ff0000000000002\"]]}",
            "\"nans\" has to hold"
        ),
        (
            "{\"metric\":{\"__name__\":\"x\"},\"values\":[1],\"timestamps\":[1],\"starts\":[1,2]}",
            "there are 1 values and 2 starts"
        ),
        ("{\"metric\":{\"__name__\":\"x\"},\"histograms\":[{\"timestamp\":1}]}", "of a histogram is missing"),
        (
            "{\"metric\":{\"job\":\"x\"},\"values\":[1],\"timestamps\":[1]}",
            "{job=\"x\"}: the series has no label __name__"
        ),
        ("{\"metric\":{\"job\":1},\"values\":[1],\"timestamps\":[1]}", "a label of \"metric\" is no string"),
        (
            "{\"metric\":{\"__name__\":\"x\",\"a\":\"1\",\"a\":\"2\"},\"values\":[1],\"timestamps\":[1]}",
            "a label name occurs twice"
        ),
    ])
    func flawsAreNamed(line: String, flaw: String) {
        let found = read(line).flaw
        #expect(found?.contains(flaw) == true, "\(found ?? "none")")
    }

    @Test func aFlawedLineLeavesTheBatchAsItWas() throws {
        var batch = SampleBatch()
        var reader = JSONLineReader(seed: seed)
        let good = Array("{\"metric\":{\"__name__\":\"x\"},\"values\":[1],\"timestamps\":[1],\"starts\":[1]}".utf8)
        _ = try reader.read(good.span, into: &batch)
        let bad = Array(
            "{\"metric\":{\"__name__\":\"y\"},\"starts\":[5,6],\"timestamps\":[1,2],\"values\":[1,2],\"histograms\":[3]}"
                .utf8)
        #expect(throws: LineFlaw.self) { try reader.read(bad.span, into: &batch) }
        #expect(batch.series.count == 1)
        #expect(batch.values == [1])
        #expect(batch.timestampsMs == [1])
        #expect(batch.startTimestampsMs == [1])
    }

    @Test func writesTheDocumentedForm() {
        let labels = Labels([("__name__", "x"), ("path", "a\"b\\")])
        #expect(
            write(labels, block([(1000, 1), (2000, -0.0), (3000, 0.1), (4000, 1e300), (5000, .infinity)])) == [
                "{\"metric\":{\"__name__\":\"x\",\"path\":\"a\\\"b\\\\\"},\"values\":[1,-0,0.1,1e+300,\"Infinity\"],\"timestamps\":[1000,2000,3000,4000,5000]}"
            ])
    }

    @Test func otherNaNsThanThatOfNullKeepTheirBits() {
        let stale = Double(bitPattern: 0x7ff0_0000_0000_0002)
        #expect(
            write(Labels([("__name__", "x")]), block([(1, stale), (2, Double(bitPattern: 0x7ff8_0000_0000_0001))])) == [
                "{\"metric\":{\"__name__\":\"x\"},\"values\":[null,null],\"timestamps\":[1,2],\"nans\":[[0,\"7ff0000000000002\"]]}"
            ])
    }

    @Test func aLongSeriesTakesSeveralLines() {
        let samples = (0..<25_000).map { (Int64($0), Double($0)) }
        let lines = write(Labels([("__name__", "x")]), block(samples))
        #expect(lines.count == 3)
        let counts = lines.map { read($0).batch.values.count }
        #expect(counts == [10_000, 10_000, 5_000])
        #expect(lines.flatMap { read($0).batch.values } == samples.map(\.1))
    }

    @Test func valuesOfEveryKindComeBackBitByBit() {
        var random = SeededGenerator.announced()
        for _ in 0..<300 {
            let count = Int.random(in: 1...40, using: &random)
            let samples = (0..<count).map { _ in
                (Int64.random(in: -4_000_000_000_000...4_000_000_000_000, using: &random), Self.value(&random))
            }
            let starts = Bool.random(using: &random) ? samples.map { $0.0 &- 5 } : []
            let lines = write(Labels([("__name__", "x")]), block(samples, starts: starts))
            let (batch, flaw) = read(lines[0])
            #expect(flaw == nil)
            #expect(batch.values.map(\.bitPattern) == samples.map(\.1.bitPattern))
            #expect(batch.timestampsMs == samples.map(\.0))
            #expect(batch.startTimestampsMs == starts)
        }
    }

    private static func value(_ random: inout SeededGenerator) -> Double {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: Double(bitPattern: .random(in: 0 ... .max, using: &random))
        case 1: Double(bitPattern: 0x7ff0_0000_0000_0000 | .random(in: 1...0xf_ffff_ffff_ffff, using: &random))
        case 2: Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 1000
        case 3:
            [0.0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude].randomElement(
                using: &random) ?? 0
        default: Double(Int64.random(in: 0...1 << 60, using: &random))
        }
    }

    @Test func histogramsComeBackAsTheyWere() {
        let stale = Double(bitPattern: 0x7ff0_0000_0000_0002)
        let integer = NativeHistogram(
            schema: 3, counterResetHint: .notReset, zeroThreshold: 1e-128, sum: 0.1,
            counts: .integer(count: .max, zero: 2, positive: [1, 0, 5], negative: []),
            positiveSpans: [.init(offset: -7, length: 2), .init(offset: 3, length: 1)])
        let float = NativeHistogram(
            schema: -53, counterResetHint: .gauge, zeroThreshold: 0, sum: -.infinity,
            counts: .float(count: 3.5, zero: 0, positive: [0.25, 3.25], negative: []),
            positiveSpans: [.init(offset: 0, length: 2)], customBounds: [0.1, .infinity])
        let ended = NativeHistogram(
            schema: 0, sum: stale, counts: .integer(count: 0, zero: 0, positive: [], negative: []))
        var block = block([])
        block.histograms = [
            .init(timestampMs: 1, value: integer), .init(timestampMs: 2, startTimestampMs: 1, value: float),
            .init(timestampMs: 3, value: ended),
        ]
        block.histogramOffsets = [0, 3]
        let lines = write(Labels([("__name__", "h")]), block)
        #expect(lines.count == 1)
        let (batch, flaw) = read(lines[0])
        #expect(flaw == nil)
        #expect(batch.series.map(\.histograms) == [0..<3])
        #expect(Array(batch.histograms.prefix(2)) == Array(block.histograms.prefix(2)))
        #expect(batch.histograms.last?.value.sum.bitPattern == stale.bitPattern)
    }
}

import Encoding
import Foundation
import Ingest
import Model
import Storage
import TSDB
import Telemetry

/// Bodies of remote_write as a recording holds them: files of records, each a length, a count of samples and a newest
/// timestamp (u32, u32, i64, little endian) before its body.
struct RecordedBodies {
    private var shards: [(bytes: Data, at: Int)]

    init(directory: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".bin") }
        shards = try names.sorted().map {
            (try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\($0)"), options: .alwaysMapped), 0)
        }
    }

    /// The next body of each file, so that time goes on evenly; empty at the end.
    mutating func nextRound() -> [Data] {
        shards.indices.compactMap { index in
            let (bytes, at) = shards[index]
            guard at + 16 <= bytes.count else { return nil }
            let length = bytes[at..<at + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            shards[index].at = at + 16 + length
            return bytes[(at + 16)..<(at + 16 + length)]
        }
    }
}

/// What the collector does with a body of remote_write, without HTTP.
struct BodyIntake {
    private var decoder = WriteRequestDecoder(seed: Hash128(low: 1, high: 2))
    private let intake: MetricIntake
    private var batch = SampleBatch()
    private var wire = WireLabels()
    private var body: [UInt8] = []
    private(set) var samples = 0

    init(_ store: TimeSeriesStore) {
        intake = MetricIntake("replay", store: store, registry: Registry())
    }

    mutating func take(_ compressed: Data) throws {
        body.removeAll(keepingCapacity: true)
        try Snappy.decompress(Array(compressed).span, bytesMax: 1 << 30, appendingTo: &body)
        // Moved out, so that the closure below may use the one while the other changes.
        let body = body
        var (decoder, batch, wire) = (decoder, SampleBatch(), wire)
        swap(&batch, &self.batch)
        try decoder.decode(body.span, into: &batch)
        let ranges = decoder.labelRanges
        let outcome = try intake.take(&batch) { index, batch in
            do throws(LabelFlaw) {
                batch.series[index].labels = try wire.write(
                    body.span.extracting(ranges[index]), into: &batch.labelBytes)
                return nil
            } catch {
                return error
            }
        }
        swap(&batch, &self.batch)
        (self.decoder, self.wire) = (decoder, wire)
        precondition(outcome.refusedTotal == 0, "\(outcome)")
        samples += outcome.acceptedSamples
    }
}

import Encoding
import TestSupport

func remoteWriteBenchmarks() -> [Benchmark] {
    let request = writeRequest(seriesCount: 2000)
    var block: [UInt8] = []
    try! Snappy.compress(request.span, appendingTo: &block)
    let body = block
    let seed = Hash128(low: 0x1234_5678, high: 0x9abc_def0)
    var columns = Columns()
    var raw: [UInt8] = []
    let name = "remote_write, 2000 series of one sample"
    return [
        Benchmark("\(name), \(request.count / 2000) B each: unsnap", .items(2000)) {
            raw.removeAll(keepingCapacity: true)
            try Snappy.decompress(body.span, bytesMax: 1 << 24, appendingTo: &raw)
        },
        Benchmark("\(name): walk and hash", .items(2000)) {
            columns.removeAll()
            try walk(request.span, seed, &columns)
        },
        Benchmark("\(name): unsnap, walk and hash", .items(2000)) {
            raw.removeAll(keepingCapacity: true)
            try Snappy.decompress(body.span, bytesMax: 1 << 24, appendingTo: &raw)
            columns.removeAll()
            try walk(raw.span, seed, &columns)
        },
    ]
}

private struct Columns {
    var keys: [Hash128] = []
    var values: [Double] = []
    var timestampsMs: [Int64] = []

    mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        timestampsMs.removeAll(keepingCapacity: true)
    }
}

/// A WriteRequest of remote_write 1.0, ten labels a series, as an exporter of a fleet would have them.
private func writeRequest(seriesCount: Int) -> [UInt8] {
    var random = SeededGenerator(seed: 6)
    var request = ProtobufWriter()
    for series in 0..<seriesCount {
        let labels = [
            ("__name__", "http_requests_total"), ("instance", "10.0.\(series % 200).17:9100"), ("job", "node"),
            ("method", series % 2 == 0 ? "GET" : "POST"), ("status", "\(200 + series % 5)"), ("env", "production"),
            ("region", "eu-central-1"), ("handler", "/api/v1/items/\(series)"), ("pod", "api-7d9f8b6c5-\(series % 97)"),
            ("team", "checkout"),
        ]
        request.message(1) { message in
            for (name, value) in labels {
                message.message(1) {
                    $0.string(1, name)
                    $0.string(2, value)
                }
            }
            message.message(2) {
                $0.double(1, Double(Int.random(in: 0..<1_000_000, using: &random)))
                $0.int64(2, 1_700_000_000_000 + Int64(series % 7))
            }
        }
    }
    return request.bytes
}

/// The steady state of a decoder: the labels of a series are passed over and hashed as they came.
private func walk(_ bytes: Span<UInt8>, _ seed: Hash128, _ columns: inout Columns) throws(DecodeError) {
    var request = ProtobufReader(bytes)
    while let tag = try request.nextTag() {
        if tag == .bytes(1) {
            try walkSeries(request.readMessage(), seed, &columns)
        } else {
            try request.skip(tag)
        }
    }
}

/// Inlined: a reader passed by reference is written to memory and read back for each series, which costs 10 ns.
@inline(__always)
private func walkSeries(
    _ message: consuming ProtobufReader, _ seed: Hash128, _ columns: inout Columns
) throws(DecodeError) {
    let labels = try message.readRun(of: 1)
    columns.keys.append(Hash128.of(labels, seed: seed))
    while let tag = try message.nextTag() {
        guard tag == .bytes(2) else {
            try message.skip(tag)
            continue
        }
        var sample = try message.readMessage()
        var value = 0.0
        var timestampMs: Int64 = 0
        while let tag = try sample.nextTag() {
            switch tag {
            case .fixed64(1): value = try sample.readDouble()
            case .varint(2): timestampMs = Int64(bitPattern: try sample.readVarint())
            default: try sample.skip(tag)
            }
        }
        columns.values.append(value)
        columns.timestampsMs.append(timestampMs)
    }
}

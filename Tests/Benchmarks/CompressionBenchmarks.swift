import Encoding
import TestSupport

func compressionBenchmarks() -> [Benchmark] { lz4Benchmarks() + gzipBenchmarks() + otherBenchmarks() }

/// Log lines of a small vocabulary.
func textSample(_ count: Int) -> [UInt8] {
    let words = "GET POST /api/v1/items user timeout status=200 status=503 duration=12ms upstream 10.0.3.7 level=info"
        .split(
            separator: " ")
    var random = SeededGenerator(seed: 4)
    var text: [UInt8] = []
    while text.count < count {
        text += words.randomElement(using: &random)!.utf8
        text.append(UInt8(ascii: Bool.random(using: &random) ? " " : "\n"))
        if Int.random(in: 0..<4, using: &random) == 0 { text += String(random.next() >> 40).utf8 }
    }
    return Array(text.prefix(count))
}

private func lz4Benchmarks() -> [Benchmark] {
    let text = textSample(65536)
    let efforts: [(String, LZ4Compressor.Effort)] = [
        ("fast", .fast), ("high 4", .high(level: 4)), ("high 9", .high(level: 9)),
    ]
    return efforts.flatMap { name, effort -> [Benchmark] in
        let compressor = Reused(LZ4Compressor(effort))
        var packed: [UInt8] = []
        _ = try? compressor.value.compress(text.span, appendingTo: &packed)  // a sample of text cannot be refused
        let block = packed
        var output: [UInt8] = []
        return [
            Benchmark("encoding/lz4 \(name), ratio \(text.count * 100 / block.count) %", .bytes(text.count)) {
                packed.removeAll(keepingCapacity: true)
                try compressor.value.compress(text.span, appendingTo: &packed)
            },
            Benchmark("encoding/lz4 \(name), decompress", .bytes(text.count)) {
                output.removeAll(keepingCapacity: true)
                try LZ4.decompress(block.span, count: text.count, appendingTo: &output)
            },
        ]
    }
}

/// A context that closures share.
final class Reused<Value: ~Copyable> {
    var value: Value
    init(_ value: consuming Value) { self.value = value }
}

private let limit = ExpansionLimit(bytesMax: 1 << 30, ratioMax: 2000)

private func gzipBenchmarks() -> [Benchmark] {
    var list: [Benchmark] = []
    for count in [57 << 10, 1 << 20] {
        let text = textSample(count)
        for level in [1, 6] {
            let writer = Reused(try! GzipWriter(level: level))
            let compressor = Reused(try! GzipBodyCompressor(level: level))
            let reader = Reused(try! GzipReader(limit: limit))
            let decompressor = Reused(try! GzipBodyDecompressor())
            var streamed: [UInt8] = []
            writer.value.write(text.span, appendingTo: &streamed)
            writer.value.finish(appendingTo: &streamed)
            var whole: [UInt8] = []
            compressor.value.compress(text.span, appendingTo: &whole)
            let body = streamed
            var output: [UInt8] = []
            let name = "gzip \(level) of \(count >> 10) KiB"
            list += [
                Benchmark("encoding/\(name), zlib, ratio \(count * 100 / streamed.count) %", .bytes(count)) {
                    output.removeAll(keepingCapacity: true)
                    writer.value.write(text.span, appendingTo: &output)
                    writer.value.finish(appendingTo: &output)
                },
                Benchmark("encoding/\(name), libdeflate, ratio \(count * 100 / whole.count) %", .bytes(count)) {
                    output.removeAll(keepingCapacity: true)
                    compressor.value.compress(text.span, appendingTo: &output)
                },
                Benchmark("encoding/un\(name), zlib", .bytes(count)) {
                    output.removeAll(keepingCapacity: true)
                    try reader.value.read(body.span, appendingTo: &output)
                    try reader.value.finish()
                },
                Benchmark("encoding/un\(name), libdeflate", .bytes(count)) {
                    output.removeAll(keepingCapacity: true)
                    try decompressor.value.decompress(body.span, limit: limit, appendingTo: &output)
                },
            ]
        }
    }
    return list
}

private func otherBenchmarks() -> [Benchmark] {
    let text = textSample(65536)
    var snappy: [UInt8] = []
    try! Snappy.compress(text.span, appendingTo: &snappy)
    let snappyBlock = snappy
    let compressor = Reused(try! ZstandardCompressor())
    let decompressor = Reused(try! ZstandardDecompressor())
    var zstd: [UInt8] = []
    try! compressor.value.compress(text.span, appendingTo: &zstd)
    let zstdBlock = zstd
    var output: [UInt8] = []
    return [
        Benchmark("encoding/snappy, ratio \(text.count * 100 / snappy.count) %", .bytes(text.count)) {
            output.removeAll(keepingCapacity: true)
            try Snappy.compress(text.span, appendingTo: &output)
        },
        Benchmark("encoding/snappy, decompress", .bytes(text.count)) {
            output.removeAll(keepingCapacity: true)
            try Snappy.decompress(snappyBlock.span, bytesMax: 1 << 20, appendingTo: &output)
        },
        Benchmark("encoding/zstd 3, ratio \(text.count * 100 / zstd.count) %", .bytes(text.count)) {
            output.removeAll(keepingCapacity: true)
            try compressor.value.compress(text.span, appendingTo: &output)
        },
        Benchmark("encoding/zstd 3, decompress", .bytes(text.count)) {
            output.removeAll(keepingCapacity: true)
            try decompressor.value.decompress(zstdBlock.span, count: text.count, appendingTo: &output)
        },
    ]
}

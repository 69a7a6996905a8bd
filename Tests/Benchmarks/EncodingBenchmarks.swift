import Encoding
import TestSupport

func encodingBenchmarks() -> [Benchmark] {
    checksumBenchmarks() + varintBenchmarks() + bitPackingBenchmarks() + byteReaderBenchmarks()
        + jsonBenchmarks()
}

private func randomBytes(_ count: Int) -> [UInt8] {
    var random = SeededGenerator(seed: 1)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
}

private func checksumBenchmarks() -> [Benchmark] {
    var list: [Benchmark] = []
    for count in [64, 400, 4096, 65536] {
        let bytes = randomBytes(count)
        list.append(Benchmark("encoding/crc32c of \(count) B", .bytes(count)) { keep(CRC32C.of(bytes.span)) })
    }
    for count in [16, 60, 120, 400, 4096] {
        let bytes = randomBytes(count)
        list.append(
            Benchmark("encoding/hash64 of \(count) B", .items(1000)) {
                var sum: UInt64 = 0
                for index: UInt64 in 0..<1000 { sum = sum &+ Hash64.of(bytes.span, seed: index) }
                keep(sum)
            })
        list.append(
            Benchmark("encoding/hash128 of \(count) B", .items(1000)) {
                var sum: UInt64 = 0
                for index: UInt64 in 0..<1000 {
                    sum = sum &+ Hash128.of(bytes.span, seed: Hash128(low: index, high: 2)).low
                }
                keep(sum)
            })
    }
    return list
}

private func varintBenchmarks() -> [Benchmark] {
    var list: [Benchmark] = []
    var random = SeededGenerator(seed: 2)
    let kinds: [(String, [UInt64])] = [
        ("one byte", (0..<4096).map { _ in UInt64.random(in: 0..<128, using: &random) }),
        ("one and two bytes", (0..<4096).map { _ in UInt64.random(in: 0..<256, using: &random) }),
        (
            "one to five bytes",
            (0..<4096).map { _ in
                UInt64.random(in: 0..<1 << 34, using: &random) >> UInt64.random(in: 0..<34, using: &random)
            }
        ),
        ("six bytes", (0..<4096).map { _ in UInt64.random(in: 1 << 40..<1 << 41, using: &random) }),
    ]
    for (kind, values) in kinds {
        var bytes: [UInt8] = []
        Varint.append(values.span, to: &bytes)
        let encoded = bytes
        list.append(
            Benchmark("encoding/varint block append, \(kind)", .items(values.count)) {
                bytes.removeAll(keepingCapacity: true)
                Varint.append(values.span, to: &bytes)
            })
        var decoded: [UInt64] = []
        list.append(
            Benchmark("encoding/varint block decode, \(kind)", .items(values.count)) {
                decoded.removeAll(keepingCapacity: true)
                _ = try Varint.decode(encoded.span, count: values.count, appendingTo: &decoded)
            })
        list.append(
            Benchmark("encoding/varint cursor read, \(kind)", .items(values.count)) {
                var reader = ByteReader(encoded.span)
                var sum: UInt64 = 0
                while !reader.isAtEnd { sum = sum &+ (try reader.readVarint()) }
                keep(sum)
            })
        list.append(
            Benchmark("encoding/varint single append, \(kind)", .items(values.count)) {
                bytes.removeAll(keepingCapacity: true)
                for value in values { bytes.appendVarint(value) }
            })
    }
    return list
}

private func byteReaderBenchmarks() -> [Benchmark] {
    let encoded = randomBytes(4096 * 8)
    var bytes: [UInt8] = []
    return [
        Benchmark("encoding/reader of 64-bit words", .items(4096)) {
            var reader = ByteReader(encoded.span)
            var sum: UInt64 = 0
            while !reader.isAtEnd { sum = sum &+ (try reader.readLittleEndian(UInt64.self)) }
            keep(sum)
        },
        Benchmark("encoding/append of 64-bit words", .items(4096)) {
            bytes.removeAll(keepingCapacity: true)
            for value in 0..<4096 { bytes.appendLittleEndian(value) }
        },
    ]
}

private func bitPackingBenchmarks() -> [Benchmark] {
    var list: [Benchmark] = []
    var random = SeededGenerator(seed: 3)
    for width in [1, 3, 7, 8, 13, 21, 33, 56, 63] {
        let values = (0..<1024).map { _ in random.next() >> UInt64(64 - width) }
        var bytes: [UInt8] = []
        BitPacking.pack(values.span, width: width, appendingTo: &bytes)
        let packed = bytes
        list.append(
            Benchmark("encoding/bit packing to width \(width)", .items(1024)) {
                bytes.removeAll(keepingCapacity: true)
                BitPacking.pack(values.span, width: width, appendingTo: &bytes)
            })
        var unpacked: [UInt64] = []
        list.append(
            Benchmark("encoding/bit unpacking of width \(width)", .items(1024)) {
                unpacked.removeAll(keepingCapacity: true)
                _ = try BitPacking.unpack(packed.span, count: 1024, width: width, appendingTo: &unpacked)
            })
    }
    return list
}

import Encoding
import TestSupport
import Testing

@Suite struct VarintTests {
    /// Both sides of every length, and the two examples of protobuf's own encoding page.
    static let vectors: [(value: UInt64, bytes: [UInt8])] = {
        var vectors: [(UInt64, [UInt8])] = [(0, [0]), (1, [1]), (150, [0x96, 0x01]), (86942, [0x9e, 0xa7, 0x05])]
        for groups in 1...9 {
            let border: UInt64 = 1 << UInt64(7 * groups)
            vectors.append((border - 1, [UInt8](repeating: 0xff, count: groups - 1) + [0x7f]))
            vectors.append((border, [UInt8](repeating: 0x80, count: groups) + [0x01]))
        }
        vectors.append((.max, [UInt8](repeating: 0xff, count: 9) + [0x01]))
        return vectors
    }()

    /// Values of every magnitude alike.
    static func values(_ count: Int, _ random: inout SeededGenerator) -> [UInt64] {
        (0..<count).map { _ in random.next() >> UInt64.random(in: 0...63, using: &random) }
    }

    @Test(arguments: vectors)
    func agreesWithKnownBytes(value: UInt64, bytes: [UInt8]) throws {
        var written: [UInt8] = []
        written.appendVarint(value)
        #expect(written == bytes)
        #expect(Varint.byteCount(value) == bytes.count)
        var reader = ByteReader(bytes.span)
        let read = try reader.readVarint()
        #expect(read == value)
        let used = reader.offset
        #expect(used == bytes.count)
        // The block decoder reads words where it can, so it sees each value alone and before others.
        for tail in [[], [UInt8](repeating: 0xff, count: 20)] {
            var values: [UInt64] = [7]
            let used = try Varint.decode((bytes + tail).span, count: 1, appendingTo: &values)
            #expect(values == [7, value])
            #expect(used == bytes.count)
        }
    }

    @Test func blocksAreReadBackAndAgreeWithSingleValues() throws {
        for seed: UInt64 in 1...20 {
            var random = SeededGenerator(seed: seed)
            let values = Self.values(Int.random(in: 0...2000, using: &random), &random)
            var block: [UInt8] = [1, 2, 3]
            Varint.append(values.span, to: &block)
            var singles: [UInt8] = [1, 2, 3]
            for value in values { singles.appendVarint(value) }
            #expect(block == singles, "seed \(seed)")
            let bytes = Array(block[3...])
            var decoded: [UInt64] = []
            #expect(try Varint.decode(bytes.span, count: values.count, appendingTo: &decoded) == bytes.count)
            #expect(decoded == values, "seed \(seed)")
            #expect(Varint.count(in: bytes.span) == values.count)
        }
    }

    @Test func signedBlocksAreReadBack() throws {
        var random = SeededGenerator(seed: 5)
        let values = Self.values(3000, &random).map(Int64.init(bitPattern:)) + [0, -1, 1, .min, .max]
        var bytes: [UInt8] = []
        Varint.appendZigZag(values.span, to: &bytes)
        var decoded: [Int64] = []
        _ = try Varint.decodeZigZag(bytes.span, count: values.count, appendingTo: &decoded)
        #expect(decoded == values)
        var reader = ByteReader(bytes.span)
        for value in values {
            let read = try reader.readZigZag()
            #expect(read == value)
        }
    }

    /// The table of protobuf's encoding page.
    @Test(arguments: [(0, 0), (-1, 1), (1, 2), (-2, 3), (0x7fff_ffff, 0xffff_fffe), (Int64.min, UInt64.max)])
    func zigZagAgreesWithKnownValues(signed: Int64, unsigned: UInt64) {
        #expect(ZigZag.encode(signed) == unsigned)
        #expect(ZigZag.decode(unsigned) == signed)
    }

    static let overlong: [[UInt8]] = [
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00],
    ]

    @Test(arguments: overlong)
    func refusesMoreBitsThan64(bytes: [UInt8]) {
        #expect(throws: DecodeError(.overlongVarint, at: 0)) {
            var reader = ByteReader(bytes.span)
            return try reader.readVarint()
        }
        var values: [UInt64] = [7]
        #expect(throws: DecodeError(.overlongVarint, at: 0)) {
            try Varint.decode(bytes.span, count: 1, appendingTo: &values)
        }
        #expect(values == [7])
    }

    @Test func refusesEveryTruncation() throws {
        var random = SeededGenerator(seed: 9)
        let values = Self.values(40, &random)
        var bytes: [UInt8] = []
        Varint.append(values.span, to: &bytes)
        for count in 0..<bytes.count {
            var decoded: [UInt64] = []
            #expect(throws: DecodeError.self) {
                try Varint.decode(bytes.span.extracting(first: count), count: values.count, appendingTo: &decoded)
            }
            #expect(decoded.isEmpty)
        }
    }

    @Test(arguments: [-1, 4, Int.max])
    func refusesACountThatTheBytesCannotHold(count: Int) {
        let bytes: [UInt8] = [1, 2, 3]
        var values: [UInt64] = []
        #expect(throws: DecodeError.self) { try Varint.decode(bytes.span, count: count, appendingTo: &values) }
    }
}

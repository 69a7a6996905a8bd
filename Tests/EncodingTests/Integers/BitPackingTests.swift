import Encoding
import TestSupport
import Testing

@Suite struct BitPackingTests {
    /// The definition, one bit at a time.
    static func bits(of values: [UInt64], width: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (values.count * width + 7) / 8)
        for (index, value) in values.enumerated() {
            for bit in 0..<width where value >> UInt64(bit) & 1 == 1 {
                let place = index * width + bit
                bytes[place / 8] |= 1 << UInt8(place % 8)
            }
        }
        return bytes
    }

    @Test(arguments: 0...64)
    func agreesWithItsDefinition(width: Int) throws {
        var random = SeededGenerator(seed: UInt64(width))
        for count in [0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 240, 1000] {
            // All 64 bits are random: what lies above the width has to be dropped.
            let values = (0..<count).map { _ in random.next() }
            var packed: [UInt8] = [5]
            BitPacking.pack(values.span, width: width, appendingTo: &packed)
            #expect(Array(packed.dropFirst()) == Self.bits(of: values, width: width), "\(count) values")
            let mask = width == 64 ? UInt64.max : 1 << UInt64(width) - 1
            // Once at the end of the input and once with other bytes behind.
            for tail in [0, 30] {
                let bytes = Array(packed.dropFirst()) + [UInt8](repeating: 0xff, count: tail)
                var unpacked: [UInt64] = [7]
                let used = try BitPacking.unpack(bytes.span, count: count, width: width, appendingTo: &unpacked)
                #expect(used == packed.count - 1)
                #expect(unpacked == [7] + values.map { $0 & mask }, "\(count) values")
            }
        }
    }

    @Test func theWidthIsThatOfTheLargestValue() {
        let none: [UInt64] = []
        #expect(BitPacking.width(of: none.span) == 0)
        for width in 0...63 {
            let values: [UInt64] = [0, 1 << UInt64(width), 1]
            #expect(BitPacking.width(of: values.span) == width + 1)
        }
    }

    @Test(arguments: [(-1, 8), (17, 1), (3, 8), (2, 9), (Int.max, 64), (Int.max, 2), (1, 65), (1, -1), (Int.min, 3)])
    func refusesWhatTheBytesCannotHold(count: Int, width: Int) {
        let bytes: [UInt8] = [1, 2]
        var values: [UInt64] = []
        #expect(throws: DecodeError.self) {
            try BitPacking.unpack(bytes.span, count: count, width: width, appendingTo: &values)
        }
        #expect(values.isEmpty)
    }
}

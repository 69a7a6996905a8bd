import Encoding
import TestSupport
import Testing

@testable import TSDB

@Suite("The integer stage")
struct IntegerCodecTests {
    @Test("gives back every block of random walks, jumps and extremes")
    func roundTripsRandomBlocks() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<3000 {
            try expectRoundTrip(Self.block(&generator))
        }
    }

    @Test("gives back blocks of one and two values and the largest block")
    func roundTripsSmallAndLargeBlocks() throws {
        try expectRoundTrip([.min])
        try expectRoundTrip([.max, .min])
        try expectRoundTrip([0, 0, 0])
        try expectRoundTrip((0..<1024).map { $0 % 2 == 0 ? .min : .max })
        try expectRoundTrip(Array(repeating: -1, count: 1024))
    }

    @Test("takes a bit or less for each value of a steady clock, and none for a constant")
    func packsWhatIsRegular() {
        #expect(encoded(Self.line(1000, from: 1_700_000_000_000, step: 15_000)).count < 20)
        #expect(encoded(Array(repeating: 42, count: 1000)).count < 6)
    }

    @Test("does not widen a block for one reset of a counter")
    func patchesOutliers() {
        var values = Self.line(1000, from: 1_000_000_000, step: 100)
        for index in values.indices { values[index] += Int64(index % 7) }
        let steady = encoded(values).count
        for index in 500..<1000 { values[index] -= 1_000_000_000 }
        #expect(encoded(values).count < 3 * steady)
    }

    @Test("refuses every truncation and survives every flipped bit")
    func survivesDamage() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<40 {
            let values = Self.block(&generator)
            let bytes = encoded(values)
            for length in 0..<min(bytes.count, 64) {
                #expect(throws: CodecError.self) { try decoded(Array(bytes[..<length]), count: values.count) }
            }
            for _ in 0..<200 {
                var damaged = bytes
                damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
                // Either answer is right, as long as it is one: the checksum above this stage tells them apart.
                _ = Result { try decoded(damaged, count: values.count) }
            }
        }
    }

    private static func line(_ count: Int, from start: Int64, step: Int64) -> [Int64] {
        (0..<count).map { start + Int64($0) * step }
    }

    private static func block(_ generator: inout SeededGenerator) -> [Int64] {
        let count = Int.random(in: 1...IntegerCodec.countMax, using: &generator)
        let bits = Int.random(in: 0...63, using: &generator)
        let stepMax = bits == 0 ? 0 : Int64.max >> Int64(63 - bits)
        let shift = Int64.random(in: 0...12, using: &generator)
        let jumps = Int.random(in: 0...3, using: &generator) == 0
        var value = Int64.random(in: .min ... .max, using: &generator)
        var drift = Int64.random(in: -stepMax...stepMax, using: &generator)
        return (0..<count).map { _ in
            switch Int.random(in: 0...20, using: &generator) {
            case 0 where jumps: value = Int64.random(in: .min ... .max, using: &generator)
            case 1 where jumps: drift = Int64.random(in: -stepMax...stepMax, using: &generator)
            default: value &+= (drift &+ Int64.random(in: -stepMax...stepMax, using: &generator)) << shift
            }
            return value
        }
    }

    private func encoded(_ values: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        let encoder = IntegerEncoder()
        unsafe values.withUnsafeBufferPointer { unsafe encoder.encode($0, appendingTo: &bytes) }
        return bytes
    }

    private func decoded(_ bytes: [UInt8], count: Int) throws -> [Int64] {
        var reader = ByteReader(bytes.span)
        return try unsafe [Int64](unsafeUninitializedCapacity: count + 8) { buffer, initialized throws in
            try unsafe IntegerCodec.decode(&reader, count: count, to: buffer.baseAddress!)
            initialized = count
        }
    }

    private func expectRoundTrip(_ values: [Int64]) throws {
        let bytes = encoded(values)
        #expect(try decoded(bytes, count: values.count) == values)
    }
}

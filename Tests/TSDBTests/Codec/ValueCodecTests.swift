import Encoding
import Model
import TestSupport
import Testing

@testable import TSDB

@Suite("The value codec")
struct ValueCodecTests {
    @Test("gives back random doubles of every bit pattern")
    func roundTripsEveryPattern() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<500 {
            let count = Int.random(in: 1...IntegerCodec.countMax, using: &generator)
            try expectRoundTrip((0..<count).map { _ in Double(bitPattern: generator.next()) })
        }
    }

    @Test("gives back decimals with NaN payloads, infinities, -0.0 and subnormals among them")
    func roundTripsSpecialValues() throws {
        let special = [
            StaleMarker.value, .nan, Double(bitPattern: 0x7ff0_0000_0000_0001),
            Double(bitPattern: 0xffff_ffff_ffff_ffff),
            .infinity, -.infinity, -0.0, 0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude,
            0x1p63, -0x1p63, 0x1p53, 0x1p53 - 1, 0x1p51, 0x1p51 - 1, 0.1 + 0.2, 1e22, 1e23, .pi,
        ]
        var generator = SeededGenerator.announced()
        for value in special { try expectRoundTrip([value]) }
        for share in [2, 10, 40, 1000] {
            for _ in 0..<200 {
                let exponent = Int.random(in: 0...12, using: &generator)
                let count = Int.random(in: 1...600, using: &generator)
                try expectRoundTrip(
                    (0..<count).map { _ in
                        Int.random(in: 0..<share, using: &generator) == 0
                            ? special.randomElement(using: &generator)!
                            : Double(Int.random(in: -1_000_000...1_000_000, using: &generator))
                                / DecimalForm.powers[exponent]
                    })
            }
        }
    }

    @Test("gives back alternating extremes")
    func roundTripsAlternatingExtremes() throws {
        try expectRoundTrip((0..<1024).map { $0 % 2 == 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude })
        try expectRoundTrip((0..<1024).map { $0 % 2 == 0 ? .infinity : -.infinity })
        try expectRoundTrip((0..<1024).map { $0 % 3 == 0 ? .nan : Double($0) })
    }

    @Test("stores a counter with two decimals in about the bits of its steps")
    func packsDecimals() {
        let values = (0..<960).map { (index: Int) -> Double in
            let hundredths = 100_000 + index * 13 + index % 16
            return Double(hundredths) / 100
        }
        #expect(encoded(values).count < 960 * 6 / 8)
    }

    @Test("refuses every truncation")
    func refusesTruncation() {
        let bytes = encoded((0..<300).map { $0 == 7 ? .nan : Double($0 * $0) / 8 })
        for length in 0..<bytes.count {
            #expect(throws: CodecError.self) { try decoded(Array(bytes[..<length]), count: 300) }
        }
    }

    private func encoded(_ values: [Double]) -> [UInt8] {
        var bytes: [UInt8] = []
        let encoder = ValueEncoder()
        unsafe values.withUnsafeBufferPointer { unsafe encoder.encode($0, appendingTo: &bytes) }
        return bytes
    }

    private func decoded(_ bytes: [UInt8], count: Int) throws -> [Double] {
        var reader = ByteReader(bytes.span)
        return try unsafe [Double](unsafeUninitializedCapacity: count + 8) { buffer, initialized throws in
            try unsafe ValueCodec.decode(&reader, count: count, to: buffer.baseAddress!)
            initialized = count
        }
    }

    private func expectRoundTrip(_ values: [Double]) throws {
        let bytes = encoded(values)
        #expect(try decoded(bytes, count: values.count).map(\.bitPattern) == values.map(\.bitPattern))
    }
}

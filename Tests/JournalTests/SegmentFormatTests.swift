import Journal
import TestSupport
import Testing

/// Holds the bytes on disk against Segments.md, with a checksum worked out bit by bit here.
@Suite struct SegmentFormatTests {
    /// CRC-32C as RFC 3720 defines it.
    private func crc32c(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { state, byte in
            (0..<8).reduce(state ^ UInt32(byte)) { state, _ in state & 1 == 1 ? state >> 1 ^ 0x82f6_3b78 : state >> 1 }
        }
    }

    private func littleEndian(_ value: some FixedWidthInteger, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * numericCast($0))) }
    }

    @Test func theChecksumOfTheStandardIsTheOneUsedHere() {
        #expect(crc32c(Array("123456789".utf8)) == 0xe306_9283)
    }

    @Test func aSegmentIsWhatItsPageSays() throws {
        let fixture = JournalFixture()
        try fixture.append([TestRecord(type: 7, payload: Array("hello".utf8))])
        let segment = try #require(try fixture.segments().first)
        #expect(segment.name == "0000000000000000.journal")
        let salt = Array(segment.bytes[16..<24])
        var expected = Array("OBSJRNL".utf8) + [1] + littleEndian(0, 8) + salt + [2, 0, 0, 0]
        expected += littleEndian(crc32c(expected), 4)
        var record = littleEndian(5, 4) + littleEndian(5, 4) + [7, 0]
        record += littleEndian(crc32c(salt + record), 2)
        record += littleEndian(crc32c(salt + record + Array("hello".utf8)), 4)
        #expect(segment.bytes == expected + record + Array("hello".utf8))
    }

    @Test func whatCompressesIsStoredAsAnLZ4Block() throws {
        let fixture = JournalFixture()
        try fixture.append([TestRecord(type: 7, payload: [UInt8](repeating: 65, count: 1000))])
        let bytes = try #require(try fixture.segments().first).bytes
        #expect(Array(bytes[32..<36]) == littleEndian(bytes.count - 48, 4))
        #expect(Array(bytes[36..<40]) == littleEndian(1000, 4))
        #expect(bytes[41] == 1)
        #expect(bytes.count < 100)
    }

    @Test func aContinuedSegmentIsNamedByItsPosition() throws {
        let fixture = JournalFixture(segmentBytes: 300)
        var random = SeededGenerator(seed: 1)
        try fixture.append((0..<2).map { _ in .random(&random, bytes: 200) })
        let segments = try fixture.segments()
        #expect(segments.map(\.name) == ["0000000000000000.journal", "00000000000000f8.journal"])
        #expect(segments[0].bytes.count == 0xf8)
        #expect(Array(segments[1].bytes[8..<16]) == littleEndian(0xf8, 8))
        #expect(segments[1].bytes[24] == 1)
    }
}

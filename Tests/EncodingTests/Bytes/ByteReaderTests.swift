import Encoding
import Testing

@Suite struct ByteReaderTests {
    @Test func readsIntegersOfBothByteOrders() throws {
        let bytes: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09]
        var reader = ByteReader(bytes.span)
        let first = try reader.readByte()
        #expect(first == 0x01)
        var mark = reader
        let little = try reader.readLittleEndian(UInt32.self)
        #expect(little == 0x0504_0302)
        let big = try mark.readBigEndian(UInt32.self)
        #expect(big == 0x0203_0405)
        let small = try mark.readBigEndian(UInt16.self)
        #expect(small == 0x0607)
        let place = (reader.offset, reader.remaining)
        #expect(place == (5, 4))
    }

    @Test func aSliceKeepsTheOffsetsOfTheWholeInput() throws {
        let bytes = [UInt8](0..<20)
        var reader = ByteReader(bytes.span)
        try reader.skip(4)
        var slice = try reader.readSlice(6)
        let next = try reader.readByte()
        #expect(next == 10)
        let inside = try slice.readByte()
        #expect(inside == 4)
        let rest = try slice.readBytes(5)
        let (count, last, isAtEnd) = (rest.count, rest[4], slice.isAtEnd)
        #expect((count, last) == (5, 9))
        #expect(isAtEnd)
        do {
            _ = try slice.readByte()
            Issue.record("a slice reads past its end")
        } catch {
            #expect(error == DecodeError(.truncated(missing: 1), at: 10))
        }
    }

    @Test(arguments: [1, 7, Int.max, -1, Int.min])
    func refusesCountsOutsideOfWhatIsLeft(count: Int) {
        let bytes: [UInt8] = []
        #expect(throws: DecodeError.self) {
            var reader = ByteReader(bytes.span)
            try reader.skip(count)
        }
        #expect(throws: DecodeError.self) {
            var reader = ByteReader(bytes.span)
            _ = try reader.readBytes(count)
        }
        #expect(throws: DecodeError.self) {
            var reader = ByteReader(bytes.span)
            _ = try reader.readSlice(count)
        }
    }

    @Test func anErrorIsASentence() {
        let error = DecodeError(.truncated(missing: 3), at: 12)
        #expect("\(error)" == "cannot decode the bytes at offset 12: the input ends 3 bytes too early")
    }

    @Test func writesIntegersOfBothByteOrders() {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(UInt16(0x0102))
        bytes.appendBigEndian(UInt16(0x0102))
        bytes.appendLittleEndian(Int64.min)
        bytes.appendBigEndian(UInt32(7))
        #expect(bytes == [2, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 7])
        bytes.replaceLittleEndian(at: 4, with: UInt64.max)
        let more: [UInt8] = [9, 8]
        bytes.append(more.span)
        #expect(bytes == [2, 1, 1, 2] + [UInt8](repeating: 255, count: 8) + [0, 0, 0, 7, 9, 8])
    }
}

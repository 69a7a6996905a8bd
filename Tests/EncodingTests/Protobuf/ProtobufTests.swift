import Encoding
import TestSupport
import Testing

@Suite struct ProtobufTests {
    /// The examples of protobuf's encoding page: a varint, a string, an embedded message and a packed array.
    static let examples: [UInt8] =
        [0x08, 0x96, 0x01]
        + [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]
        + [0x1a, 0x03, 0x08, 0x96, 0x01]
        + [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]

    @Test func readsTheKnownExamples() throws {
        var message = ProtobufReader(Self.examples.span)
        var seen: [UInt32] = []
        while let tag = try message.nextTag() {
            seen.append(tag.number)
            switch tag {
            case .varint(1):
                let value = try message.readVarint()
                #expect(value == 150)
            case .bytes(2):
                let text = try message.readBytes()
                let bytes = text.indices.map { text[$0] }
                #expect(bytes == Array("testing".utf8))
            case .bytes(3):
                var inner = try message.readMessage()
                let tag = try inner.nextTag()
                #expect(tag == .varint(1))
                let value = try inner.readVarint()
                #expect(value == 150)
                let end = try inner.nextTag()
                #expect(end == nil)
            case .bytes(6):
                var values: [UInt64] = []
                try message.readPackedVarints(appendingTo: &values)
                #expect(values == [3, 270, 86942])
            default: Issue.record("unexpected field \(tag.number)")
            }
        }
        #expect(seen == [1, 2, 3, 6])
    }

    @Test func writesTheKnownExamples() {
        var message = ProtobufWriter()
        message.varint(1, 150)
        message.string(2, "testing")
        message.message(3) { $0.varint(1, 150) }
        let values: [UInt64] = [3, 270, 86942]
        message.packedVarints(6, values.span)
        #expect(message.bytes == Self.examples)
    }

    @Test func everyKindIsReadBack() throws {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<50 {
            let bits = (0..<40).map { _ in random.next() >> UInt64.random(in: 0...63, using: &random) }
            let doubles = bits.map { Double(bitPattern: $0) }
            let signed = bits.map { Int64(bitPattern: $0) }
            var writer = ProtobufWriter()
            writer.packedDoubles(1, doubles.span)
            writer.packedZigZags(2, signed.span)
            writer.zigZag(3, signed[0])
            writer.int64(4, signed[1])
            writer.fixed64(5, bits[2])
            writer.fixed32(6, UInt32(truncatingIfNeeded: bits[3]))
            writer.double(536_870_911, doubles[4])
            writer.packedDoubles(8, doubles.span)

            var message = ProtobufReader(writer.bytes.span)
            var readDoubles: [Double] = []
            var readSigned: [Int64] = []
            var readFixed: [UInt64] = []
            var count = 0
            while let tag = try message.nextTag() {
                count += 1
                switch tag {
                case .bytes(1): try message.readPackedDoubles(appendingTo: &readDoubles)
                case .bytes(2): try message.readPackedZigZags(appendingTo: &readSigned)
                case .varint(3):
                    let value = try message.readZigZag()
                    #expect(value == signed[0])
                case .varint(4):
                    let value = try message.readVarint()
                    #expect(Int64(bitPattern: value) == signed[1])
                case .fixed64(5):
                    let value = try message.readFixed64()
                    #expect(value == bits[2])
                case .fixed32(6):
                    let value = try message.readFixed32()
                    #expect(value == UInt32(truncatingIfNeeded: bits[3]))
                case .fixed64(536_870_911):
                    let value = try message.readDouble()
                    #expect(value.bitPattern == bits[4])
                case .bytes(8): try message.readPackedFixed64s(appendingTo: &readFixed)
                default: Issue.record("unexpected field \(tag.number)")
                }
            }
            #expect(count == 8)
            #expect(readDoubles.map(\.bitPattern) == bits)
            #expect(readSigned == signed)
            #expect(readFixed == bits)
        }
    }

    /// Around the lengths where the length itself takes one byte more.
    @Test(arguments: [0, 1, 127, 128, 129, 16_383, 16_384, 16_385])
    func aMessageOfAnyLengthIsClosedRight(count: Int) throws {
        let content = [UInt8](repeating: 7, count: count)
        var writer = ProtobufWriter(appendingTo: [9])
        writer.message(2) { outer in
            outer.message(3) { $0.bytes(4, content.span) }
            outer.varint(5, 1)
        }
        var expected: [UInt8] = []
        expected.append(0x22)
        expected.appendVarint(UInt64(count))
        expected += content
        var header: [UInt8] = [0x1a]
        header.appendVarint(UInt64(expected.count))
        expected = header + expected + [0x28, 0x01]
        header = [9, 0x12]
        header.appendVarint(UInt64(expected.count))
        #expect(writer.bytes == header + expected)
    }

    /// Walks a message of anything, entering what looks like a message.
    static func walk(_ message: consuming ProtobufReader) throws(DecodeError) {
        while let tag = try message.nextTag() {
            if tag == .bytes(3) {
                try walk(message.readMessage())
            } else {
                try message.skip(tag)
            }
        }
    }

    @Test func skipsWhatItDoesNotKnow() throws {
        try Self.walk(ProtobufReader(Self.examples.span))
        let fixed: [UInt8] = [0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4]
        try Self.walk(ProtobufReader(fixed.span))
    }

    @Test func givesARunOfFieldsAsTheyCame() throws {
        let long = [UInt8](repeating: 7, count: 300)
        var writer = ProtobufWriter()
        writer.varint(5, 1)
        for value in [[], [1, 2, 3], long] { writer.bytes(1, value.span) }
        let end = writer.bytes.count
        writer.bytes(2, long.span)
        writer.bytes(1, long.span)
        var message = ProtobufReader(writer.bytes.span)
        let none = try message.readRun(of: 1)
        let isEmpty = none.isEmpty
        #expect(isEmpty)
        _ = try message.nextTag()
        _ = try message.readVarint()
        let run = try message.readRun(of: 1)
        let bytes = run.indices.map { run[$0] }
        #expect(bytes == Array(writer.bytes[2..<end]))
        let next = try message.nextTag()
        #expect(next == .bytes(2))
        for (wrong, error) in [
            ([0x0a, 0x01, 0x07, 0x0a, 0x05, 0x01], DecodeError(.truncated(missing: 4), at: 6)),
            ([0x0a], DecodeError(.truncated(missing: 1), at: 1)),
            ([0x0a, 0x80], DecodeError(.truncated(missing: 1), at: 2)),
        ] as [([UInt8], DecodeError)] {
            #expect(throws: error) {
                var message = ProtobufReader(wrong.span)
                _ = try message.readRun(of: 1)
            }
        }
    }

    static let refused: [([UInt8], DecodeError)] = [
        ([0x08], DecodeError(.truncated(missing: 1), at: 1)),
        ([0x08, 0x80], DecodeError(.truncated(missing: 1), at: 2)),
        ([0x12, 0x05, 1, 2], DecodeError(.truncated(missing: 3), at: 2)),
        ([0x1a, 0x02, 0x08, 0x96, 0x01], DecodeError(.truncated(missing: 1), at: 4)),
        ([0x09, 1, 2, 3], DecodeError(.truncated(missing: 5), at: 1)),
        ([0x15, 1, 2, 3], DecodeError(.truncated(missing: 1), at: 1)),
        ([0x00, 0x00], DecodeError(.invalidFieldNumber(0), at: 0)),
        ([0x80, 0x80, 0x80, 0x80, 0x10, 0x00], DecodeError(.invalidFieldNumber(1 << 29), at: 0)),
        ([0x0b, 0x0c], DecodeError(.unsupportedWireType(3), at: 0)),
        ([0x08, 0x01, 0x0c], DecodeError(.unsupportedWireType(4), at: 2)),
        ([0x0e], DecodeError(.unsupportedWireType(6), at: 0)),
        ([0x0f], DecodeError(.unsupportedWireType(7), at: 0)),
        ([0x08] + [UInt8](repeating: 0xff, count: 10) + [0x01], DecodeError(.overlongVarint, at: 1)),
    ]

    @Test(arguments: refused)
    func refusesAWrongMessageAtItsOffset(bytes: [UInt8], error: DecodeError) {
        #expect(throws: error) { try Self.walk(ProtobufReader(bytes.span)) }
    }

    @Test func refusesALengthOfAllBits() {
        let bytes: [UInt8] = [0x12] + [UInt8](repeating: 0xff, count: 9) + [0x01]
        #expect(throws: DecodeError.self) { try Self.walk(ProtobufReader(bytes.span)) }
    }

    @Test func refusesMessagesNestedTooDeep() throws {
        func nested(_ depth: Int) -> [UInt8] {
            var writer = ProtobufWriter()
            func nest(_ writer: inout ProtobufWriter, _ depth: Int) {
                if depth > 0 { writer.message(3) { nest(&$0, depth - 1) } }
            }
            nest(&writer, depth)
            return writer.bytes
        }
        try Self.walk(ProtobufReader(nested(ProtobufReader.depthMax).span))
        let tooDeep = nested(ProtobufReader.depthMax + 1)
        do {
            try Self.walk(ProtobufReader(tooDeep.span))
            Issue.record("one level too many is accepted")
        } catch {
            #expect(error.reason == .tooDeep(depthMax: ProtobufReader.depthMax))
        }
    }

    @Test func refusesPackedRunsThatEndWithinAValue() {
        #expect(throws: DecodeError(.invalidPackedByteCount(7, valueBytes: 8), at: 1)) {
            let bytes: [UInt8] = [7, 1, 2, 3, 4, 5, 6, 7]
            var message = ProtobufReader(bytes.span)
            var values: [Double] = []
            try message.readPackedDoubles(appendingTo: &values)
        }
        #expect(throws: DecodeError(.truncated(missing: 1), at: 4)) {
            let bytes: [UInt8] = [3, 1, 2, 0x80, 1]
            var message = ProtobufReader(bytes.span)
            var values: [UInt64] = []
            try message.readPackedVarints(appendingTo: &values)
        }
    }
}

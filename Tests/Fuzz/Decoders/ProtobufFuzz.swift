import Encoding

extension FuzzedDecoder {
    /// The number of a field chooses how it is read; every reading of a field has to end where skipping it does.
    static let protobuf = FuzzedDecoder("protobuf") { input in
        do throws(DecodeError) {
            try walk(ProtobufReader(input), input.count)
        } catch {
            check((0...input.count).contains(error.offset), "\(error), of \(input.count) bytes")
        }
    }

    private static func walk(_ start: ProtobufReader, _ inputCount: Int) throws(DecodeError) {
        var message = start
        while true {
            var skipped = message
            let run = try message.readRun(of: 7)
            while skipped.offset < message.offset {
                guard let tag = try skipped.nextTag() else { fatalError("a run is longer than its message") }
                check(tag == .bytes(7), "a run holds field \(tag.number)")
                try skipped.skip(tag)
            }
            check(run.isEmpty || skipped.offset == message.offset, "a run ends within a field")
            guard let tag = try message.nextTag() else { break }
            skipped = message
            try skipped.skip(tag)
            try read(tag, &message, inputCount)
            check(
                message.offset == skipped.offset, "field \(tag.number) ends at \(message.offset), not \(skipped.offset)"
            )
        }
        check(message.isAtEnd, "a message ends before its end")
    }

    @_lifetime(message: copy message)
    private static func read(
        _ tag: ProtobufTag, _ message: inout ProtobufReader, _ inputCount: Int
    ) throws(DecodeError) {
        var integers: [UInt64] = []
        var signed: [Int64] = []
        var doubles: [Double] = []
        switch tag {
        case .bytes(1), .bytes(2): try walk(message.readMessage(), inputCount)
        case .bytes(3): try message.readPackedVarints(appendingTo: &integers)
        case .bytes(4): try message.readPackedZigZags(appendingTo: &signed)
        case .bytes(5): try message.readPackedDoubles(appendingTo: &doubles)
        case .bytes(6): try message.readPackedFixed64s(appendingTo: &integers)
        case .varint(1): _ = try message.readVarint()
        case .varint(2): _ = try message.readZigZag()
        case .fixed64(1): _ = try message.readDouble()
        case .fixed32(1): _ = try message.readFixed32()
        default: try message.skip(tag)
        }
        check(integers.count + signed.count + doubles.count <= inputCount, "more values than bytes")
    }
}

/// Arrays: those that are a field for each element as they came, and packed ones decoded.
extension ProtobufReader {
    /// The fields with the tag `.bytes(number)` that follow one another from here, tags and lengths included: the
    /// labels of a series to hash or to keep, without a step of the cursor for each. Empty where another field is next.
    @_lifetime(copy self)
    package mutating func readRun(of number: UInt32) throws(DecodeError) -> Span<UInt8> {
        precondition(number > 0 && number < 16, "BUG: a run of fields whose tag is longer than a byte")
        var ahead = bytes
        let count = try Self.runByteCount(ahead.readBytes(ahead.remaining), tag: UInt8(number << 3 | 2), offset)
        return try bytes.readBytes(count)
    }

    private static func runByteCount(
        _ bytes: Span<UInt8>, tag: UInt8, _ offset: Int
    ) throws(DecodeError) -> Int {
        try unsafe bytes.withUnsafeBytes { bytes throws(DecodeError) in
            var position = 0
            while position < bytes.count, unsafe bytes[position] == tag {
                if position &+ 1 < bytes.count, unsafe bytes[position &+ 1] < 0x80 {
                    unsafe position &+= 2 &+ Int(bytes[position &+ 1])
                    if position <= bytes.count { continue }
                    throw DecodeError(.truncated(missing: position - bytes.count), at: offset + bytes.count)
                }
                let length = try unsafe Varint.decode(bytes.baseAddress!, position &+ 1, bytes.count)
                let left = bytes.count &- length.end
                guard length.value <= UInt64(left) else {
                    throw DecodeError(
                        .truncated(missing: Int(clamping: length.value) - left), at: offset + bytes.count)
                }
                position = length.end &+ Int(truncatingIfNeeded: length.value)
            }
            return position
        }
    }
}

/// Packed arrays, each appended whole to a buffer of the caller. A field may come in several runs; after an error the
/// buffer may hold a part of one.
extension ProtobufReader {
    /// `int32`, `int64`, `uint32`, `uint64`, `bool` and enumerations.
    @_lifetime(self: copy self)
    package mutating func readPackedVarints(appendingTo values: inout [UInt64]) throws(DecodeError) {
        let run = try readBytes()
        let used: Int
        do throws(DecodeError) {
            used = try Varint.decode(run, count: Varint.count(in: run), appendingTo: &values)
        } catch {
            throw DecodeError(error.reason, at: offset - run.count + error.offset)
        }
        guard used == run.count else { throw DecodeError(.truncated(missing: 1), at: offset) }
    }

    /// `sint32` and `sint64`.
    @_lifetime(self: copy self)
    package mutating func readPackedZigZags(appendingTo values: inout [Int64]) throws(DecodeError) {
        let run = try readBytes()
        let used: Int
        do throws(DecodeError) {
            used = try Varint.decodeZigZag(run, count: Varint.count(in: run), appendingTo: &values)
        } catch {
            throw DecodeError(error.reason, at: offset - run.count + error.offset)
        }
        guard used == run.count else { throw DecodeError(.truncated(missing: 1), at: offset) }
    }

    @_lifetime(self: copy self)
    package mutating func readPackedDoubles(appendingTo values: inout [Double]) throws(DecodeError) {
        try readFixedRun(appendingTo: &values)
    }

    /// `fixed64` and `sfixed64`.
    @_lifetime(self: copy self)
    package mutating func readPackedFixed64s(appendingTo values: inout [UInt64]) throws(DecodeError) {
        try readFixedRun(appendingTo: &values)
    }

    /// The bytes of the values are those of this machine, which is little-endian.
    @_lifetime(self: copy self)
    private mutating func readFixedRun<T: BitwiseCopyable>(appendingTo values: inout [T]) throws(DecodeError) {
        let size = MemoryLayout<T>.size
        let run = try readBytes()
        guard run.count.isMultiple(of: size) else {
            throw DecodeError(.invalidPackedByteCount(run.count, valueBytes: size), at: offset - run.count)
        }
        values.append(addingCapacity: run.count / size) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, written in
                unsafe run.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
                written = run.count / size
            }
        }
    }
}

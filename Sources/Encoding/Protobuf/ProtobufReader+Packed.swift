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

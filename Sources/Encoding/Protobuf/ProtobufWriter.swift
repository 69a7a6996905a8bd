/// Appends the fields of a message to a buffer. Fields are written as they are given: what equals the default of its
/// type need not be.
@usableFromInline
package struct ProtobufWriter: Sendable {
    @usableFromInline package var bytes: [UInt8]

    @inlinable
    package init(appendingTo bytes: consuming [UInt8] = []) { self.bytes = bytes }

    @inlinable @inline(__always)
    mutating func tag(_ tag: ProtobufTag) { bytes.appendVarint(UInt64(tag.raw)) }

    /// `uint32`, `uint64`, `bool`, enumerations, and the bits of `int64`.
    @inlinable
    package mutating func varint(_ number: UInt32, _ value: UInt64) {
        tag(.varint(number))
        bytes.appendVarint(value)
    }

    /// `int32` and `int64`; a negative number takes ten bytes.
    @inlinable
    package mutating func int64(_ number: UInt32, _ value: Int64) { varint(number, UInt64(bitPattern: value)) }

    /// `sint32` and `sint64`.
    @inlinable
    package mutating func zigZag(_ number: UInt32, _ value: Int64) { varint(number, ZigZag.encode(value)) }

    @inlinable
    package mutating func fixed64(_ number: UInt32, _ value: UInt64) {
        tag(.fixed64(number))
        bytes.appendLittleEndian(value)
    }

    @inlinable
    package mutating func fixed32(_ number: UInt32, _ value: UInt32) {
        tag(.fixed32(number))
        bytes.appendLittleEndian(value)
    }

    @inlinable
    package mutating func double(_ number: UInt32, _ value: Double) { fixed64(number, value.bitPattern) }

    @inlinable
    package mutating func bytes(_ number: UInt32, _ value: Span<UInt8>) {
        header(number, byteCount: value.count)
        bytes.append(value)
    }

    package mutating func string(_ number: UInt32, _ value: String) {
        header(number, byteCount: value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    /// The start of a field whose `byteCount` bytes the caller appends to `bytes` itself.
    @inlinable
    package mutating func header(_ number: UInt32, byteCount: Int) {
        tag(.bytes(number))
        bytes.appendVarint(UInt64(byteCount))
    }

    /// A message within this one, whose length is not known before it is written. One byte is kept for the length;
    /// a message of 128 bytes or more is moved on by what the length takes beyond that. Use `header` around large ones.
    @inlinable
    package mutating func message<E: Error>(
        _ number: UInt32, _ write: (inout ProtobufWriter) throws(E) -> Void
    ) throws(E) {
        tag(.bytes(number))
        bytes.append(0)
        let start = bytes.count
        try write(&self)
        close(start)
    }

    @usableFromInline
    mutating func close(_ start: Int) {
        let count = bytes.count - start
        if count < 0x80 {
            bytes[start - 1] = UInt8(count)
        } else {
            let more = Varint.byteCount(UInt64(count)) - 1
            bytes.append(contentsOf: repeatElement(0, count: more))
            unsafe bytes.withUnsafeMutableBufferPointer { buffer in
                let message = unsafe buffer.baseAddress! + start
                unsafe (message + more).update(from: message, count: count)
                _ = unsafe Varint.store(UInt64(count), to: message - 1)
            }
        }
    }

    package mutating func packedDoubles(_ number: UInt32, _ values: Span<Double>) {
        header(number, byteCount: values.count * 8)
        unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func packedVarints(_ number: UInt32, _ values: Span<UInt64>) {
        var count = 0
        for index in values.indices { count += Varint.byteCount(values[index]) }
        header(number, byteCount: count)
        Varint.append(values, to: &bytes)
    }

    package mutating func packedZigZags(_ number: UInt32, _ values: Span<Int64>) {
        var count = 0
        for index in values.indices { count += Varint.byteCount(ZigZag.encode(values[index])) }
        header(number, byteCount: count)
        Varint.appendZigZag(values, to: &bytes)
    }
}

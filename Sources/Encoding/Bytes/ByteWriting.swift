/// Appending numbers to a byte buffer, the counterpart of `ByteReader`.
extension [UInt8] {
    @inlinable @inline(__always)
    package mutating func appendLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        append(addingCapacity: MemoryLayout<T>.size) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                unsafe UnsafeMutableRawPointer(buffer.baseAddress!)
                    .storeBytes(of: value.littleEndian, toByteOffset: count, as: T.self)
                count &+= MemoryLayout<T>.size
            }
        }
    }

    @inlinable @inline(__always)
    package mutating func appendBigEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        appendLittleEndian(value.byteSwapped)
    }

    /// Overwrites the bytes at `offset`, which must have been appended before: a length or checksum known only later.
    @inlinable
    package mutating func replaceLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, with value: T) {
        precondition(offset >= 0 && offset <= count - MemoryLayout<T>.size, "BUG: the field lies outside of the buffer")
        unsafe withUnsafeMutableBytes { unsafe $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self) }
    }

    @inlinable
    package mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

import Glibc

/// Searches and comparisons at the C library's speed.
extension Span<UInt8> {
    /// Where the byte is first found at or behind `start`; nil where it is not.
    package func offset(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count else { return nil }
        return unsafe withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Whether these bytes stand at `start`.
    package func has(_ other: Span<UInt8>, at start: Int) -> Bool {
        guard other.count <= count - start else { return false }
        return unsafe withUnsafeBytes { bytes in
            unsafe other.withUnsafeBytes { wanted in
                guard let base = bytes.baseAddress, let first = wanted.baseAddress else { return unsafe wanted.isEmpty }
                return unsafe memcmp(base + start, first, wanted.count) == 0
            }
        }
    }
}

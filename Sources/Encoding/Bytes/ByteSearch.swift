import CKernels
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

/// Where bytes stand in other bytes: what searching text at memory speed comes down to.
package enum ByteSearch {
    /// The first place at or after `start` where `needle` stands in `text`; nil where it does not. An empty needle
    /// stands everywhere.
    package static func find(_ needle: Span<UInt8>, in text: Span<UInt8>, from start: Int = 0) -> Int? {
        guard start >= 0, needle.count <= text.count - start else { return nil }
        if needle.isEmpty { return start }
        return unsafe text.withUnsafeBufferPointer { text in
            unsafe needle.withUnsafeBufferPointer { needle in
                let found = unsafe ckernels_find(
                    text.baseAddress, start, text.count, needle.baseAddress, needle.count)
                return found < text.count ? Int(found) : nil
            }
        }
    }

    /// As `find`, letters of ASCII in either case.
    ///
    /// - Parameter needle: has no upper-case letter.
    package static func find(folded needle: Span<UInt8>, in text: Span<UInt8>, from start: Int = 0) -> Int? {
        guard start >= 0, needle.count <= text.count - start else { return nil }
        if needle.isEmpty { return start }
        return unsafe text.withUnsafeBufferPointer { text in
            unsafe needle.withUnsafeBufferPointer { needle in
                let found = unsafe ckernels_find_folded(
                    text.baseAddress, start, text.count, needle.baseAddress, needle.count)
                return found < text.count ? Int(found) : nil
            }
        }
    }

    /// Sets the mark of each place where the byte stands; there are as many marks as places.
    package static func mark(_ byte: UInt8, in text: Span<UInt8>, _ marks: inout [Bool]) {
        precondition(marks.count == text.count, "BUG: \(marks.count) marks for \(text.count) bytes")
        unsafe text.withUnsafeBufferPointer { text in
            unsafe marks.withUnsafeMutableBufferPointer { marks in
                unsafe ckernels_mark(text.baseAddress, text.count, byte, marks.baseAddress)
            }
        }
    }

    package static func contains(_ needle: Span<UInt8>, in text: Span<UInt8>) -> Bool { find(needle, in: text) != nil }

    package static func equal(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool { a.count == b.count && a.has(b, at: 0) }
}

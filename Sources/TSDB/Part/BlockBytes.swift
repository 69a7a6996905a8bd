import Glibc

/// Whole columns compared and moved at the speed of memory.
enum BlockBytes {
    static func equal(_ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>) -> Bool {
        guard a.count == b.count else { return false }
        guard let left = a.baseAddress, let right = b.baseAddress else { return true }
        return unsafe memcmp(left, right, a.count * 8) == 0
    }
}

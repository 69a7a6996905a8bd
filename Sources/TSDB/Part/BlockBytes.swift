import Glibc

/// Whole columns compared and moved at the speed of memory.
enum BlockBytes {
    static func equal(_ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>) -> Bool {
        guard a.count == b.count else { return false }
        guard let left = a.baseAddress, let right = b.baseAddress else { return true }
        return unsafe memcmp(left, right, a.count * 8) == 0
    }
}

extension UnsafeBufferPointer<Int64> {
    /// The places of ascending timestamps within a range of time.
    func places(in range: ClosedRange<Int64>) -> Range<Int> {
        let first = unsafe firstPlace { $0 >= range.lowerBound }
        return unsafe first..<Swift.max(first, firstPlace { $0 > range.upperBound })
    }

    private func firstPlace(_ isBehind: (Int64) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(unsafe self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

import Encoding

/// Marks of rows or of values, one for each. Most searches set few of many: what looks at them takes eight at a time, and
/// what sets them asks once whether the array is its own.
extension [Bool] {
    var isAnySet: Bool {
        var place = 0
        return nextEight(from: &place) { $0 != 0 } || self[place...].contains(true)
    }

    var areAllSet: Bool {
        var place = 0
        return !nextEight(from: &place) { $0 != 0x0101_0101_0101_0101 } && !self[place...].contains(false)
    }

    /// Moves the place to the first eight marks that satisfy the condition; false where there is none, the place then
    /// before the rest, which are less than eight.
    @inline(__always)
    private func nextEight(from place: inout Int, where holds: (UInt64) -> Bool) -> Bool {
        let bytes = unsafe span.bytes
        while place + 8 <= count {
            if holds(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)) { return true }
            place += 8
        }
        return false
    }

    /// Calls `body` with the place of each that is set, in order.
    @inline(__always)
    func forEachSet(in range: Range<Int>, _ body: (Int) -> Void) {
        let bytes = unsafe span.bytes
        var place = range.lowerBound
        while place + 8 <= range.upperBound {
            var eight = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian
            while eight != 0 {
                body(place + eight.trailingZeroBitCount / 8)
                eight &= eight &- 1
            }
            place += 8
        }
        while place < range.upperBound {
            if self[place] { body(place) }
            place += 1
        }
    }

    @inline(__always)
    func forEachSet(_ body: (Int) -> Void) { forEachSet(in: indices, body) }

    /// Calls `body` with the row of each value that is set.
    ///
    /// - Parameter rank: for each row the place of its value, which is one more than that of the row before, or -1; empty
    ///   where each row has one.
    @inline(__always)
    func forEachRow(_ rank: [Int32], _ body: (Int) -> Void) {
        if rank.isEmpty { return forEachSet(body) }
        var row = 0
        forEachSet { value in
            while row < rank.count, rank[row] != value {
                // No row before that one can have it.
                row += rank[row] < 0 ? 1 : value - Int(rank[row])
            }
            if row < rank.count { body(row) }
        }
    }

    /// Sets the marks of those whose code is held.
    mutating func set(whereCodes codes: [UInt8], areIn isHeld: [Bool]) {
        let held = isHeld.indices.filter { isHeld[$0] }
        if held.count <= Self.codesOneByOneMax {
            for code in held { ByteSearch.mark(UInt8(code), in: codes.span, &self) }
            return
        }
        var marks = mutableSpan
        for index in codes.indices where isHeld[Int(codes[index])] { marks[index] = true }
    }

    /// A pass over codes for one of them is so much faster than one that looks each up.
    private static var codesOneByOneMax: Int { 16 }
}

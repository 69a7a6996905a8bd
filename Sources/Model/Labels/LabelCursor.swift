/// Walks the pairs of canonical label bytes. `name` and `value` are ranges in the bytes last advanced in.
package struct LabelCursor {
    package private(set) var name = 0..<0
    package private(set) var value = 0..<0
    private var position: Int

    /// `offset`: where the set begins in a buffer that holds several.
    package init(at offset: Int = 0) { position = offset }

    /// Moves to the next pair; false at the end of `bytes`.
    package mutating func advance(in bytes: Span<UInt8>) -> Bool {
        advance(in: bytes, end: bytes.count)
    }

    /// Moves to the next pair of a set that ends before `end`.
    package mutating func advance(in bytes: Span<UInt8>, end: Int) -> Bool {
        guard position < end else { return false }
        name = Self.field(in: bytes, at: &position)
        value = Self.field(in: bytes, at: &position)
        return true
    }

    private static func field(in bytes: Span<UInt8>, at position: inout Int) -> Range<Int> {
        var length = 0
        var shift = 0
        while true {
            let byte = bytes[position]
            position += 1
            length |= Int(byte & 0x7f) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        let start = position
        position += length
        return start..<position
    }

    /// Where the value of a label lies in one set's bytes.
    package static func valueRange(of name: Span<UInt8>, in bytes: Span<UInt8>) -> Range<Int>? {
        var cursor = LabelCursor()
        while cursor.advance(in: bytes) {
            let order = compare(bytes, cursor.name, name, 0..<name.count)
            if order == 0 { return cursor.value }
            if order > 0 { return nil }
        }
        return nil
    }

    /// Negative, zero or positive as the first set comes before, equals or comes after the second.
    package static func order(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
        var left = LabelCursor()
        var right = LabelCursor()
        while true {
            let hasLeft = left.advance(in: a)
            let hasRight = right.advance(in: b)
            guard hasLeft, hasRight else { return (hasLeft ? 1 : 0) - (hasRight ? 1 : 0) }
            let names = compare(a, left.name, b, right.name)
            if names != 0 { return names }
            let values = compare(a, left.value, b, right.value)
            if values != 0 { return values }
        }
    }

    /// Bytewise order of two ranges; a prefix comes first.
    package static func compare(
        _ a: Span<UInt8>, _ aRange: Range<Int>, _ b: Span<UInt8>, _ bRange: Range<Int>
    ) -> Int {
        let common = min(aRange.count, bRange.count)
        var index = 0
        while index < common {
            let difference = Int(a[aRange.lowerBound + index]) - Int(b[bRange.lowerBound + index])
            if difference != 0 { return difference }
            index += 1
        }
        return aRange.count - bRange.count
    }
}

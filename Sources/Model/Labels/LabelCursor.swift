import Encoding

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
        let shared = ByteOrder.sharedPrefix(a, b)
        // Up to here both have the same fields.
        var position = 0
        while position < a.count, position < b.count {
            let start = position
            let own = field(in: a, at: &position)
            if position <= shared { continue }
            var behind = start
            return compare(a, own, b, field(in: b, at: &behind))
        }
        return a.count - b.count
    }

    /// Bytewise order of two ranges; a prefix comes first.
    package static func compare(
        _ a: Span<UInt8>, _ aRange: Range<Int>, _ b: Span<UInt8>, _ bRange: Range<Int>
    ) -> Int {
        ByteOrder.compare(a.extracting(aRange), b.extracting(bRange))
    }
}

import Encoding
import Model
import PromQL
import Storage

/// Numbers the series of a scan in the order in which they are met.
struct SeriesFinder: Sendable {
    private(set) var series = LabelTable()
    private var short = ShortValues()
    private var kinds: [[UInt8]: Int32] = [:]

    var bytes: Int { series.sets.bytes.count + short.bytes }

    /// The number of what series have in common that differ in one value only.
    mutating func kind(_ labels: [UInt8]) -> Int32 {
        if let known = kinds[labels] { return known }
        kinds[labels] = Int32(kinds.count)
        return Int32(kinds.count - 1)
    }

    mutating func number(of labels: Span<UInt8>) -> Int { series.number(of: labels) }

    /// The number of the series that has the number `theirs` with another finder.
    mutating func number(of theirs: Int, of other: SeriesFinder) -> Int {
        let sets = other.series.sets
        let range = sets.offsets[theirs]..<sets.offsets[theirs + 1]
        return series.number(of: sets.bytes.span.extracting(range), hash: sets.hashes[theirs])
    }

    /// The number of the series of a kind that has the value, where that is known by the value alone.
    @inline(__always)
    func known(_ value: Span<UInt8>, kind: Int32) -> Int? {
        guard value.count <= ShortValues.bytesMax else { return nil }
        return short.number(at: short.place(of: ShortValues.Key(value, kind: kind)))
    }

    /// The number of the series of a kind that has the value and with it these labels.
    mutating func number(of value: Span<UInt8>, kind: Int32, _ labels: Span<UInt8>) -> Int {
        let number = series.number(of: labels)
        if value.count <= ShortValues.bytesMax { short.insert(ShortValues.Key(value, kind: kind), number) }
        return number
    }
}

/// The series of short values: one look into memory finds it, where canonical labels take one for the slot, one for the
/// place of the labels and one for the labels.
private struct ShortValues: Sendable {
    static let bytesMax = 15

    struct Key: Equatable {
        var low: UInt64 = 0
        /// With the length above.
        var high: UInt64
        var kind: Int32

        @inline(__always)
        init(_ value: Span<UInt8>, kind: Int32) {
            self.kind = kind
            high = UInt64(value.count) << 56
            for index in 0..<min(8, value.count) { low |= UInt64(value[index]) << UInt64(8 * index) }
            for index in min(8, value.count)..<value.count {
                high |= UInt64(value[index]) << UInt64(8 * (index - 8))
            }
        }

        @inline(__always)
        var hash: UInt64 {
            let mixed = (low ^ UInt64(truncatingIfNeeded: kind)).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
            let both = (mixed.high ^ mixed.low ^ high).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
            return both.high ^ both.low
        }
    }

    private struct Slot {
        var key: Key
        /// Of the series, -1 for a free slot.
        var number: Int32
    }

    private static let free = Slot(key: Key([UInt8]().span, kind: 0), number: -1)
    /// A power of two.
    private var slots = [Slot](repeating: free, count: 256)
    private var count = 0

    var bytes: Int { slots.count * MemoryLayout<Slot>.stride }

    /// Where the key is, or would be.
    @inline(__always)
    func place(of key: Key) -> Int {
        var place = Int(truncatingIfNeeded: key.hash) & (slots.count - 1)
        while slots[place].number >= 0, slots[place].key != key { place = (place + 1) & (slots.count - 1) }
        return place
    }

    @inline(__always)
    func number(at place: Int) -> Int? {
        let number = slots[place].number
        return number < 0 ? nil : Int(number)
    }

    /// Adds a key that is not there.
    mutating func insert(_ key: Key, _ number: Int) {
        slots[place(of: key)] = Slot(key: key, number: Int32(truncatingIfNeeded: number))
        count += 1
        guard count * 2 > slots.count else { return }
        let old = slots
        slots = [Slot](repeating: Self.free, count: old.count * 2)
        for slot in old where slot.number >= 0 { slots[self.place(of: slot.key)] = slot }
    }
}

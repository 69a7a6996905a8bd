import Encoding
import Model
import PromQL
import Storage

/// Numbers the series of a scan in the order in which they are met: by their labels, or by the one short value in which
/// series of a kind differ. What that makes of labels is looked at when the scan is over.
struct SeriesFinder: Sendable {
    /// What series have in common that differ in the value of one label: the labels before it, its name, those behind it.
    struct Kind: Hashable {
        var before: [UInt8] = []
        var name: [UInt8] = []
        var behind: [UInt8] = []
    }

    private var table = LabelTable()
    private var short = ShortValues()
    /// Of short values and, with the kind `ofLabels`, of sets in the table.
    private var keys: [ShortValues.Key] = []
    /// For each set in the table the number of its series.
    private var tableNumbers: [Int32] = []
    private var kinds: [Kind] = []
    private var kindNumbers: [Kind: Int32] = [:]

    fileprivate static let ofLabels: Int32 = -1

    var count: Int { keys.count }
    var bytes: Int { keys.capacity * MemoryLayout<ShortValues.Key>.stride + table.sets.bytes.count + short.bytes }

    /// Whether several numbers may stand for the same labels.
    var mayRepeat: Bool { keys.count > table.count && (kinds.count > 1 || table.count > 0) }

    mutating func kind(_ kind: Kind) -> Int32 {
        if let known = kindNumbers[kind] { return known }
        kindNumbers[kind] = Int32(kinds.count)
        kinds.append(kind)
        return Int32(kinds.count - 1)
    }

    mutating func number(of labels: Span<UInt8>) -> Int {
        let place = table.number(of: labels)
        if place < tableNumbers.count { return Int(tableNumbers[place]) }
        tableNumbers.append(Int32(keys.count))
        keys.append(ShortValues.Key(low: UInt64(place), kind: Self.ofLabels))
        return keys.count - 1
    }

    /// The number of the series of a kind that has the value, which is not empty.
    @inline(__always)
    mutating func number(of value: Span<UInt8>, kind: Int32) -> Int {
        if value.count > ShortValues.bytesMax { return longNumber(of: value, kind: kind) }
        return short.number(of: ShortValues.Key(value, kind: kind), &keys)
    }

    private mutating func longNumber(of value: Span<UInt8>, kind: Int32) -> Int {
        var labels: [UInt8] = []
        append(value, Int(kind), to: &labels)
        return number(of: labels.span)
    }

    private func append(_ value: Span<UInt8>, _ kind: Int, to labels: inout [UInt8]) {
        labels += kinds[kind].before
        let name = kinds[kind].name
        EntryLabels.append(name.span, value, to: &labels)
        labels += kinds[kind].behind
    }

    /// The canonical labels of a series, behind what `labels` holds.
    func appendLabels(_ number: Int, to labels: inout [UInt8]) {
        let key = keys[number]
        guard key.kind == Self.ofLabels else {
            let value = key.bytes
            return append(value.span, Int(key.kind), to: &labels)
        }
        let sets = table.sets
        let range = sets.offsets[Int(key.low)]..<sets.offsets[Int(key.low) + 1]
        labels.append(sets.bytes.span.extracting(range))
    }

    func labels(_ number: Int) -> Labels {
        var labels: [UInt8] = []
        appendLabels(number, to: &labels)
        return Labels(canonical: labels)
    }

    /// The own numbers of the series of another finder.
    mutating func numbers(of other: SeriesFinder) -> [Int] {
        let kinds = other.kinds.map { kind($0) }
        var labels: [UInt8] = []
        return other.keys.indices.map { number in
            var key = other.keys[number]
            if key.kind != Self.ofLabels {
                key.kind = kinds[Int(key.kind)]
                return short.number(of: key, &keys)
            }
            labels.removeAll(keepingCapacity: true)
            other.appendLabels(number, to: &labels)
            return self.number(of: labels.span)
        }
    }

    /// The same series, each with one number, and for each number that it had the one that it has now.
    func withoutRepeats() -> (finder: SeriesFinder, numbers: [Int]) {
        var finder = SeriesFinder()
        var labels: [UInt8] = []
        let numbers = keys.indices.map { number in
            labels.removeAll(keepingCapacity: true)
            appendLabels(number, to: &labels)
            return finder.number(of: labels.span)
        }
        return (finder, numbers)
    }
}

/// A table of short values, each with what it belongs to.
private struct ShortValues: Sendable {
    static let bytesMax = 15

    struct Key: Equatable {
        var low: UInt64
        /// With the length above.
        var high: UInt64 = 0
        var kind: Int32

        init(low: UInt64, kind: Int32) { (self.low, self.kind) = (low, kind) }

        @inline(__always)
        init(_ value: Span<UInt8>, kind: Int32) {
            self.kind = kind
            let count = value.count
            high = UInt64(count) << 56
            if count >= 8 {
                let bytes = unsafe value.bytes
                low = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self).littleEndian
                let last = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: count - 8, as: UInt64.self).littleEndian
                high |= last >> UInt64(8 * (16 - count))
            } else {
                low = 0
                for index in 0..<count { low |= UInt64(value[index]) << UInt64(8 * index) }
            }
        }

        @inline(__always)
        var hash: UInt64 {
            let mixed = (low ^ UInt64(truncatingIfNeeded: kind)).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
            let both = (mixed.high ^ mixed.low ^ high).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
            return both.high ^ both.low
        }

        /// The value.
        var bytes: [UInt8] {
            (0..<Int(high >> 56)).map { index -> UInt8 in
                let half = index < 8 ? low : high
                return UInt8(truncatingIfNeeded: half >> UInt64(8 * (index & 7)))
            }
        }
    }

    /// Number of the key plus 1 and, above it, the upper half of its hash; zero for a free slot. The size is a power of two.
    private var slots = [UInt64](repeating: 0, count: 256)
    private var count = 0

    var bytes: Int { slots.count * MemoryLayout<UInt64>.stride }

    /// The place of a key among `keys`, behind all others where it is new.
    @inline(__always)
    mutating func number(of key: Key, _ keys: inout [Key]) -> Int {
        let hash = key.hash
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot] & 0xffff_ffff) - 1
            if slots[slot] >> 32 == hash >> 32, keys[number] == key { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        keys.append(key)
        slots[slot] = (hash & ~0xffff_ffff) | UInt64(keys.count)
        count += 1
        if count * 2 > slots.count { grow(keys) }
        return keys.count - 1
    }

    private mutating func grow(_ keys: [Key]) {
        let mask = slots.count * 4 - 1
        slots = [UInt64](repeating: 0, count: mask + 1)
        for number in keys.indices where keys[number].kind != SeriesFinder.ofLabels {
            let hash = keys[number].hash
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = (hash & ~0xffff_ffff) | UInt64(number + 1)
        }
    }
}

import Encoding
import Model
package import Storage

/// Labels edited as bytes, without making single strings of them.
extension LabelBlock {
    func range(_ set: Int) -> Range<Int> { offsets[set]..<offsets[set + 1] }

    /// Adds bytes in canonical form.
    mutating func appendSet(_ canonical: Span<UInt8>) { appendSet(canonical, hash: LabelHash.of(canonical)) }

    mutating func appendSet(_ canonical: Span<UInt8>, hash: UInt64) {
        bytes.append(canonical)
        offsets.append(bytes.count)
        hashes.append(hash)
    }

    mutating func appendSet(_ set: Int, of other: LabelBlock) {
        bytes.append(contentsOf: other.bytes[other.range(set)])
        offsets.append(bytes.count)
        hashes.append(other.hashes[set])
    }

    /// Whether two sets agree in a label.
    func isEqual(_ name: StaticLabelName, of set: Int, _ other: Int) -> Bool {
        let (a, b) = (bytes.span.extracting(range(set)), bytes.span.extracting(range(other)))
        let left = LabelCursor.valueRange(of: name.bytes.span, in: a) ?? 0..<0
        let right = LabelCursor.valueRange(of: name.bytes.span, in: b) ?? 0..<0
        return LabelCursor.compare(a, left, b, right) == 0
    }

    func value(_ name: StaticLabelName, of set: Int) -> String {
        let labels = bytes.span.extracting(range(set))
        guard let place = LabelCursor.valueRange(of: name.bytes.span, in: labels) else { return "" }
        return String(
            decoding: bytes[range(set)][(offsets[set] + place.lowerBound)..<(offsets[set] + place.upperBound)],
            as: UTF8.self)
    }
}

/// A label's name whose bytes are at hand.
struct StaticLabelName: Sendable {
    let bytes: [UInt8]
    init(_ name: String) { bytes = Array(name.utf8) }

    static let metric = StaticLabelName(Labels.metricName)
    static let bound = StaticLabelName("le")
    static let type = StaticLabelName("__type__")
}

/// Which labels of a set are wanted.
package struct LabelFilter: Sendable {
    /// Sorted bytewise, as labels are.
    private let names: [[UInt8]]
    private let keeps: Bool

    package init(keeping names: [String]) {
        self.names = Self.sorted(names)
        keeps = true
    }

    package init(dropping names: [String]) {
        self.names = Self.sorted(names)
        keeps = false
    }

    private static func sorted(_ names: [String]) -> [[UInt8]] {
        Set(names.map { Array($0.utf8) }).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// What a calculation takes from a series: its name, and the type and unit that went with it.
    static let metadata = LabelFilter(dropping: [Labels.metricName, "__type__", "__unit__"])

    /// Writes the wanted labels of `set` to `output`, which is replaced.
    package func apply(_ set: Span<UInt8>, into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        var cursor = LabelCursor()
        var pairStart = 0
        var next = 0
        while cursor.advance(in: set) {
            let pair = pairStart..<cursor.value.upperBound
            pairStart = pair.upperBound
            var order = 1
            while next < names.count {
                let name = names[next]
                order = LabelCursor.compare(name.span, 0..<name.count, set, cursor.name)
                if order >= 0 { break }
                next += 1
            }
            let isNamed = next < names.count && order == 0
            if isNamed == keeps { output.append(set.extracting(pair)) }
        }
    }
}

/// Numbers label sets in the order in which they are first seen.
package struct LabelTable: Sendable {
    package private(set) var sets = LabelBlock()
    /// Index of the set plus 1 and, above it, the upper half of its hash; zero for a free slot. The size is a power of two.
    private var slots = [UInt64](repeating: 0, count: 64)

    package init() {}

    package var count: Int { sets.count }

    /// The number of a set, new or known.
    package mutating func number(of labels: Span<UInt8>, hash: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let set = Int(slots[slot] & 0xffff_ffff) - 1
            if slots[slot] >> 32 == hash >> 32, isEqual(set, labels) { return set }
            slot = (slot + 1) & (slots.count - 1)
        }
        sets.appendSet(labels, hash: hash)
        slots[slot] = Self.slot(sets.count - 1, hash)
        if sets.count * 2 > slots.count { grow() }
        return sets.count - 1
    }

    package mutating func number(of labels: Span<UInt8>) -> Int { number(of: labels, hash: LabelHash.of(labels)) }

    private func isEqual(_ set: Int, _ labels: Span<UInt8>) -> Bool {
        ByteSearch.equal(sets.bytes.span.extracting(sets.range(set)), labels)
    }

    private static func slot(_ set: Int, _ hash: UInt64) -> UInt64 { (hash & ~0xffff_ffff) | UInt64(set + 1) }

    private mutating func grow() {
        slots = [UInt64](repeating: 0, count: slots.count * 2)
        for set in 0..<sets.count {
            var slot = Int(truncatingIfNeeded: sets.hashes[set]) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Self.slot(set, sets.hashes[set])
        }
    }
}

import Encoding
import Model

/// Finds the reference of a series by the sender's key: the one look-up of the steady state.
///
/// Open addressing with linear probing in 16 tables by the top bits of the key, so that growing copies a sixteenth at a
/// time. The key is a seeded hash, so its low bits spread by themselves.
struct KeyTable: ~Copyable {
    private static let tableCount = 16
    private var tables: [Table]

    init() {
        tables = (0..<Self.tableCount).map { _ in Table() }
    }

    @inline(__always)
    func reference(_ key: SampleBatch.Key) -> UInt64 {
        tables[Int(key.high >> 60)].find(key.low, key.high)
    }

    mutating func set(_ key: SampleBatch.Key, to reference: UInt64) {
        tables[Int(key.high >> 60)].set(key.low, key.high, reference)
    }

    /// Forgets every key whose reference is not `kept`.
    mutating func removeAll(butReferences isKept: (UInt64) -> Bool) {
        for index in tables.indices { tables[index].rebuild(isKept) }
    }

    private struct Entry {
        var low: UInt64
        var high: UInt64
        /// Zero where the entry is free.
        var reference: UInt64
    }

    /// Between half and three quarters full, in steps of a third rather than by doubling: at a million series that is 40 MB
    /// less.
    private struct Table {
        private var entries = [Entry](repeating: Entry(low: 0, high: 0, reference: 0), count: 16)
        private var used = 0

        @inline(__always)
        private static func home(_ low: UInt64, _ count: Int) -> Int {
            Int(truncatingIfNeeded: low.multipliedFullWidth(by: UInt64(truncatingIfNeeded: count)).high)
        }

        @inline(__always)
        func find(_ low: UInt64, _ high: UInt64) -> UInt64 {
            unsafe entries.withUnsafeBufferPointer { entries in
                var place = Self.home(low, entries.count)
                while true {
                    let entry = unsafe entries[place]
                    if entry.low == low && entry.high == high || entry.reference == 0 { return entry.reference }
                    place &+= 1
                    if place == entries.count { place = 0 }
                }
            }
        }

        mutating func set(_ low: UInt64, _ high: UInt64, _ reference: UInt64) {
            if (used + 1) * 4 > entries.count * 3 { resize(entries.count * 4 / 3 + 16) { _ in true } }
            place(Entry(low: low, high: high, reference: reference))
        }

        private mutating func place(_ entry: Entry) {
            var place = Self.home(entry.low, entries.count)
            while entries[place].reference != 0
                && (entries[place].low != entry.low || entries[place].high != entry.high)
            {
                place += 1
                if place == entries.count { place = 0 }
            }
            if entries[place].reference == 0 { used += 1 }
            entries[place] = entry
        }

        mutating func rebuild(_ isKept: (UInt64) -> Bool) {
            let kept = entries.reduce(0) { $0 + ($1.reference != 0 && isKept($1.reference) ? 1 : 0) }
            if kept != used { resize(kept * 5 / 3 + 16, isKept) }
        }

        private mutating func resize(_ size: Int, _ isKept: (UInt64) -> Bool) {
            let old = entries
            entries = [Entry](repeating: Entry(low: 0, high: 0, reference: 0), count: size)
            used = 0
            for entry in old where entry.reference != 0 && isKept(entry.reference) { place(entry) }
        }
    }
}

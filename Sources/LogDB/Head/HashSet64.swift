/// A set of hashes: they are spread already, so each is its own place in the table. Far cheaper than a `Set` where every
/// line asks it.
struct HashSet64 {
    /// Zero where nothing is; the hash zero counts as one.
    private var table = [UInt64](repeating: 0, count: 64)
    private(set) var count = 0

    private static func kept(_ hash: UInt64) -> UInt64 { hash == 0 ? 1 : hash }

    /// Where the hash is, or the empty place where it would be.
    @inline(__always)
    private func place(_ hash: UInt64) -> Int {
        let mask = table.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while table[place] != 0 && table[place] != hash { place = (place + 1) & mask }
        return place
    }

    func contains(_ hash: UInt64) -> Bool { count > 0 && table[place(Self.kept(hash))] != 0 }

    /// False where it was there.
    @discardableResult
    mutating func insert(_ hash: UInt64) -> Bool {
        let hash = Self.kept(hash)
        let place = place(hash)
        guard table[place] == 0 else { return false }
        table[place] = hash
        count += 1
        if count * 2 > table.count { grow() }
        return true
    }

    private mutating func grow() {
        let old = table
        table = [UInt64](repeating: 0, count: old.count * 2)
        for hash in old where hash != 0 { table[place(hash)] = hash }
    }

    mutating func remove(_ hash: UInt64) {
        let mask = table.count - 1
        var hole = place(Self.kept(hash))
        guard table[hole] != 0 else { return }
        count -= 1
        table[hole] = 0
        // What was pushed on by the one that is gone moves back.
        var next = (hole + 1) & mask
        while table[next] != 0 {
            let home = Int(truncatingIfNeeded: table[next]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                table[hole] = table[next]
                table[next] = 0
                hole = next
            }
            next = (next + 1) & mask
        }
    }

    mutating func removeAll() {
        if count > 0 { self = HashSet64() }
    }
}

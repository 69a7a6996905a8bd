import Encoding

/// What is known of the text of a block without reading it: the words without digits that stand in it, the ids, and how
/// long its longest run of letters and digits is. It never denies what is there.
struct TextFilter: Sendable {
    /// Hashes of the words and ids, until `bits` are made of them.
    private var words: Set<UInt64> = []
    private var ids: [UInt64] = []
    private(set) var longestRun = 0
    /// The same for the column that is being written.
    private(set) var longestOfColumn = 0
    /// Bit w is set where there are ids of w bytes.
    private(set) var idWidths: UInt64 = 0
    private var isOverfull = false

    /// With more, the filter holds everything.
    private static let wordsMax = 1 << 16
    static let wordBits = 12
    static let idBits = 8
    /// The fewest bytes of an id that is worth to be kept.
    static let idWidthMin = 8
    static let idWidthMax = 63

    /// Adds the words of a text that begins and ends where words do.
    mutating func add(_ text: Span<UInt8>) {
        WordRuns.forEach(in: text) { run, hasDigit in
            note(runOf: run.count)
            if hasDigit { return }
            if words.count < Self.wordsMax { words.insert(Hash64.of(text.extracting(run))) } else { isOverfull = true }
        }
    }

    /// Makes room for runs that are made of numbers.
    mutating func note(runOf count: Int) {
        longestRun = max(longestRun, count)
        longestOfColumn = max(longestOfColumn, count)
    }

    mutating func beginColumn() { longestOfColumn = 0 }

    mutating func add(id: Span<UInt8>) {
        guard id.count >= Self.idWidthMin, id.count <= Self.idWidthMax else {
            return note(runOf: id.count * 2)
        }
        longestOfColumn = max(longestOfColumn, id.count * 2)
        idWidths |= 1 << UInt64(id.count)
        ids.append(Hash64.of(id))
    }

    /// The filter as it is stored: longest run, widths, and the two sets of bits.
    func encode(to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(longestRun))
        bytes.appendLittleEndian(idWidths)
        BitSet.encode(words.count, isOverfull ? 0 : Self.wordBits, to: &bytes) { add in words.forEach(add) }
        BitSet.encode(ids.count, Self.idBits, to: &bytes) { add in ids.forEach(add) }
    }
}

/// A set of hashes in a few bits each: what it does not hold it denies, but for a few percent.
enum BitSet {
    private static let probes = 4

    /// - Parameter perHash: bits for each hash; zero for a set that holds everything.
    static func encode(
        _ count: Int, _ perHash: Int, to bytes: inout [UInt8], _ hashes: ((UInt64) -> Void) -> Void
    ) {
        let size = (count * perHash + 7) / 8
        bytes.appendVarint(UInt64(size) << 1 | (perHash == 0 ? 1 : 0))
        guard size > 0 else { return }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: size))
        hashes { hash in
            forEachBit(of: hash, among: size * 8) { bit in bytes[start + bit >> 3] |= 1 << UInt8(bit & 7) }
        }
    }

    @inline(__always)
    private static func forEachBit(of hash: UInt64, among count: Int, _ body: (Int) -> Void) {
        let (low, high) = (hash & 0xffff_ffff, hash >> 32)
        for probe in 0..<UInt64(probes) {
            // The high bits of a product are spread over the count without a division.
            let mixed = (low &+ probe &* (high | 1)) & 0xffff_ffff
            body(Int((mixed &* UInt64(count)) >> 32))
        }
    }

    static func mayHold(_ hash: UInt64, _ bits: Span<UInt8>) -> Bool {
        guard !bits.isEmpty else { return false }
        var holds = true
        forEachBit(of: hash, among: bits.count * 8) { bit in
            if bits[bit >> 3] & (1 << UInt8(bit & 7)) == 0 { holds = false }
        }
        return holds
    }
}

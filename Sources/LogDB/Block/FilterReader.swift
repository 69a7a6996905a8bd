import Encoding

/// The stored form of a `TextFilter`: says which blocks cannot hold a needle or an id.
struct FilterReader {
    private let longestRun: Int
    private let idWidths: UInt64
    private let words: Range<Int>?
    private let ids: Range<Int>?
    private static let everything = 0..<0

    /// Reads where things are; `bytes` is the filter of one block.
    init(_ bytes: Span<UInt8>) throws(DecodeError) {
        var reader = ByteReader(bytes)
        longestRun = Int(clamping: try reader.readVarint())
        idWidths = try reader.readLittleEndian(UInt64.self)
        words = try Self.readBits(&reader)
        ids = try Self.readBits(&reader)
    }

    /// Nil where the set holds everything.
    private static func readBits(_ reader: inout ByteReader) throws(DecodeError) -> Range<Int>? {
        let header = try reader.readVarint()
        let size = Int(clamping: header >> 1)
        let start = reader.offset
        try reader.skip(size)
        return header & 1 == 1 ? nil : start..<(start + size)
    }

    /// Whether a line of the block may contain the needle.
    func mayContain(_ needle: PreparedNeedle, _ bytes: Span<UInt8>) -> Bool {
        for word in needle.words {
            if let words, !BitSet.mayHold(word, bytes.extracting(words)) { return false }
        }
        guard needle.longestRun > longestRun else { return true }
        // Only an id is that long: a longer one, or one that is all of the run.
        guard needle.longestIsHex else { return false }
        let width = (needle.longestRun + 1) / 2
        guard width <= TextFilter.idWidthMax else { return false }
        let atLeast = idWidths >> UInt64(width)
        if atLeast >> 1 != 0 || (atLeast != 0 && needle.longestRun & 1 == 1) { return true }
        guard atLeast != 0 else { return false }
        guard let id = needle.longestID, let ids else { return true }
        return BitSet.mayHold(id, bytes.extracting(ids))
    }
}

/// A needle with what filters are asked about it, found once for all blocks.
struct PreparedNeedle {
    /// Hashes of words without digits that have both their ends within the needle.
    private(set) var words: [UInt64] = []
    private(set) var longestRun = 0
    private(set) var longestIsHex = false
    /// Hash of the bytes that the longest run stands for, where it is lower-case hexadecimal.
    private(set) var longestID: UInt64?

    init(_ needle: [UInt8]) {
        var longest = 0..<0
        WordRuns.forEach(in: needle.span) { run, hasDigit in
            if run.count > longest.count { longest = run }
            if !hasDigit && run.lowerBound > 0 && run.upperBound < needle.count {
                words.append(Hash64.of(needle.span.extracting(run)))
            }
        }
        longestRun = longest.count
        longestIsHex = longest.allSatisfy { NumberTexts.hexDigit(needle[$0]) != nil }
        var id: [UInt8] = []
        if longestRun / 2 >= TextFilter.idWidthMin,
            Hexadecimal.append(lowerCase: needle.span.extracting(longest), to: &id)
        {
            longestID = Hash64.of(id.span)
        }
    }
}

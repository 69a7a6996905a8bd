import Encoding
package import Model
package import Posix

/// The immutable, mapped form of the index: series by id, with their labels, found by labels and by matchers. Nothing
/// of it is copied into memory.
package final class LabelSegment: Sendable {
    private let file: MappedFile
    private let layout: Layout

    package let count: Int
    package var idRange: ClosedRange<UInt64>? { count == 0 ? nil : id(0)...id(count - 1) }
    package var bytes: Int { file.count }

    private struct Layout: Sendable {
        var names = 0
        var pairs = 0
        /// By `Section`.
        var sections = InlineArray<12, Range<Int>>(repeating: 0..<0)

        subscript(section: LabelSegmentFormat.Section) -> Range<Int> { sections[section.rawValue] }
    }

    /// Opens a segment after checking all of it, so that reading it later finds no surprise.
    package init(_ file: MappedFile) throws(LabelIndexError) {
        self.file = file
        (layout, count) = try Self.readHeader(file.bytes)
        try checkOffsets()
    }

    // MARK: series

    package func id(_ ordinal: Int) -> UInt64 { load(.seriesIDs, ordinal) }

    package func ordinal(ofID id: UInt64) -> Int? {
        let place = (0..<count).partitioningIndex { self.id($0) >= id }
        return place < count && self.id(place) == id ? place : nil
    }

    /// The ordinal of the series with these canonical labels; `hash` is their `LabelHash`.
    package func ordinal(of labels: Span<UInt8>, hash: UInt64) throws(LabelIndexError) -> Int? {
        let wanted = UInt32(truncatingIfNeeded: hash >> 32)
        var place = firstHash(notBelow: wanted)
        var candidate: [UInt8] = []
        while place < count, load(.hashes, place, as: UInt32.self) == wanted {
            let ordinal = Int(load(.hashOrdinals, place, as: UInt32.self))
            candidate.removeAll(keepingCapacity: true)
            try appendLabels(ordinal, to: &candidate)
            if ByteOrder.compare(candidate.span, labels) == 0 { return ordinal }
            place += 1
        }
        return nil
    }

    /// The place of the first stored hash that is not below `hash`. They are spread evenly, so the first guess is near.
    private func firstHash(notBelow hash: UInt32) -> Int {
        var (low, high) = (0, count)
        let guess = Int((UInt64(hash) &* UInt64(count)) >> 32)
        var step = 8
        if guess < count, load(.hashes, guess, as: UInt32.self) < hash {
            low = guess + 1
            while low + step < count, load(.hashes, low + step, as: UInt32.self) < hash {
                low += step
                step *= 2
            }
            high = min(count, low + step)
        } else {
            high = min(guess, count)
            while high - step >= 0, load(.hashes, high - step, as: UInt32.self) >= hash {
                high -= step
                step *= 2
            }
            low = max(0, high - step)
        }
        return (low..<high).partitioningIndex { load(.hashes, $0, as: UInt32.self) >= hash }
    }

    /// The names of the labels of the series that was read last: the next one mostly has the same.
    package struct NameTrail: Sendable {
        fileprivate var numbers: [Int] = []

        package init() {}
    }

    /// Appends the canonical labels of a series.
    package func appendLabels(_ ordinal: Int, to bytes: inout [UInt8]) throws(LabelIndexError) {
        var trail = NameTrail()
        try appendLabels(ordinal, to: &bytes, &trail)
    }

    /// Appends the canonical labels of one of many series.
    package func appendLabels(
        _ ordinal: Int, to bytes: inout [UInt8], _ trail: inout NameTrail
    ) throws(LabelIndexError) {
        try forEachName(ofSeries: ordinal, &trail) { number, pair in
            append(name(number), to: &bytes)
            append(value(pair), to: &bytes)
        }
    }

    private func append(_ field: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(field.count))
        bytes.append(field)
    }

    /// Calls `body` with the number of each name that a series has, sorted, and with that of the pair.
    package func forEachName(
        ofSeries ordinal: Int, _ trail: inout NameTrail, _ body: (Int, Int) -> Void
    ) throws(LabelIndexError) {
        var place = 0
        var isNameless = false
        try forEachPair(ofSeries: ordinal) { pair in
            if place == trail.numbers.count { trail.numbers.append(0) }
            // The last one may be of another segment.
            if trail.numbers[place] >= layout.names || !pairs(ofName: trail.numbers[place]).contains(pair) {
                guard let number = nameNumber(ofPair: pair) else { return isNameless = true }
                trail.numbers[place] = number
            }
            body(trail.numbers[place], pair)
            place += 1
        }
        if isNameless { throw LabelIndexError("a pair has no name", at: layout[.firstPairs].lowerBound) }
    }

    /// The numbers of the pairs of a name, sorted by value; empty where no series has it.
    package func pairs(of name: Span<UInt8>) -> Range<Int> { nameNumber(name).map(pairs(ofName:)) ?? 0..<0 }

    /// Which of these pairs, that are all of a name, a series has; nil for none.
    package func pair(among pairs: Range<Int>, ofSeries ordinal: Int) throws(LabelIndexError) -> Int? {
        var found: Int?
        try forEachPair(ofSeries: ordinal) { if pairs.contains($0) { found = $0 } }
        return found
    }

    /// The value of a label of a series; nil where it has none.
    package func value(of name: String, ofSeries ordinal: Int) throws(LabelIndexError) -> String? {
        guard let found = try pair(among: pairs(of: Array(name.utf8).span), ofSeries: ordinal) else { return nil }
        return unsafe value(found).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    func forEachPair(ofSeries ordinal: Int, _ body: (Int) -> Void) throws(LabelIndexError) {
        var reader = ByteReader(string(.recordOffsets, .records, ordinal))
        var pair: UInt64 = 0
        while !reader.isAtEnd {
            do throws(DecodeError) {
                pair &+= try reader.readVarint()
            } catch {
                throw LabelIndexError("\(error.reason)", at: layout[.records].lowerBound)
            }
            guard pair < UInt64(layout.pairs) else {
                throw LabelIndexError("a series has pair \(pair)", at: layout[.records].lowerBound)
            }
            body(Int(pair))
        }
    }

    /// The series that satisfy all matchers.
    package func matching(_ matchers: [Matcher]) throws(LabelIndexError) -> PostingSet { try select(matchers) }

    // MARK: names and values

    /// Calls `body` with each label name, sorted.
    package func forEachName(_ body: (Span<UInt8>) -> Void) {
        for index in 0..<layout.names { body(string(.nameOffsets, .names, index)) }
    }

    /// Calls `body` with each value of a label and how many series carry it, sorted.
    package func forEachValue(
        of name: Span<UInt8>, _ body: (Span<UInt8>, Int) -> Void
    ) throws(LabelIndexError) {
        guard let number = nameNumber(name) else { return }
        for pair in pairs(ofName: number) { body(value(pair), try seriesCount(ofPair: UInt32(pair))) }
    }

    /// Calls `body` with each value of a label, sorted, and whether any series that carries it is one of those that
    /// `isMeant` holds for. The first one mostly is, so that hardly any list of series is read.
    package func forEachValue(
        of name: Span<UInt8>, whose isMeant: (UInt32) -> Bool, _ body: (Span<UInt8>, Bool) -> Void
    ) throws(LabelIndexError) {
        guard let number = nameNumber(name) else { return }
        for pair in pairs(ofName: number) { body(value(pair), try isCarried(pair, isMeant)) }
    }

    /// Calls `body` with each label name, sorted, and whether any series that has the label is one of those that
    /// `isMeant` holds for.
    package func forEachName(
        whose isMeant: (UInt32) -> Bool, _ body: (Span<UInt8>, Bool) -> Void
    ) throws(LabelIndexError) {
        for number in 0..<layout.names {
            var isFound = false
            for pair in pairs(ofName: number) where !isFound { isFound = try isCarried(pair, isMeant) }
            body(name(number), isFound)
        }
    }

    private func isCarried(_ pair: Int, _ isMeant: (UInt32) -> Bool) throws(LabelIndexError) -> Bool {
        if let first = try firstPosting(pair), isMeant(first) { return true }
        return try postings(UInt32(pair)).contains(where: isMeant)
    }

    private func firstPosting(_ pair: Int) throws(LabelIndexError) -> UInt32? {
        var reader = ByteReader(string(.postingOffsets, .postings, pair))
        do throws(DecodeError) {
            return try PostingSet.decodeFirst(&reader, limit: count)
        } catch {
            throw LabelIndexError("\(error.reason)", at: layout[.postings].lowerBound)
        }
    }

    var nameCount: Int { layout.names }

    @_lifetime(borrow self)
    package func name(_ number: Int) -> Span<UInt8> {
        string(.nameOffsets, .names, number)
    }

    @_lifetime(borrow self)
    package func value(_ pair: Int) -> Span<UInt8> {
        string(.valueOffsets, .values, pair)
    }

    var pairCount: Int { layout.pairs }

    func pairs(ofName number: Int) -> Range<Int> {
        Int(load(.firstPairs, number, as: UInt32.self))..<Int(load(.firstPairs, number + 1, as: UInt32.self))
    }

    /// The stored half of the hash of each series, by ordinal.
    func hashesByOrdinal() -> [UInt32] {
        var hashes = [UInt32](repeating: 0, count: count)
        for place in 0..<count {
            hashes[Int(load(.hashOrdinals, place, as: UInt32.self))] = load(.hashes, place, as: UInt32.self)
        }
        return hashes
    }

    private func nameNumber(_ name: Span<UInt8>) -> Int? {
        let place = lowerBound(0..<layout.names) { ByteOrder.compare(self.name($0), name) >= 0 }
        return place < layout.names && ByteOrder.compare(self.name(place), name) == 0 ? place : nil
    }

    private func nameNumber(ofPair pair: Int) -> Int? {
        let behind = lowerBound(0..<layout.names) { pairs(ofName: $0).lowerBound > pair }
        return behind > 0 ? behind - 1 : nil
    }

    private func lowerBound(_ range: Range<Int>, _ isBehind: (Int) -> Bool) -> Int {
        range.partitioningIndex(isBehind)
    }
}

extension LabelSegment: LabelSource {
    func pair(_ name: Span<UInt8>, _ value: Span<UInt8>) -> UInt32? {
        guard let number = nameNumber(name) else { return nil }
        let range = pairs(ofName: number)
        let place = firstValue(in: range, notBelow: value)
        guard place < range.upperBound, ByteOrder.compare(self.value(place), value) == 0 else { return nil }
        return UInt32(place)
    }

    func forEachPair(
        of name: Span<UInt8>, startingWith prefix: Span<UInt8>,
        _ body: (UInt32, Span<UInt8>) throws(LabelIndexError) -> Void
    ) throws(LabelIndexError) {
        guard let number = nameNumber(name) else { return }
        let range = pairs(ofName: number)
        for pair in firstValue(in: range, notBelow: prefix)..<range.upperBound {
            let value = value(pair)
            guard ByteOrder.startsWith(value, prefix) else { return }
            try body(UInt32(pair), value)
        }
    }

    func postings(_ pair: UInt32) throws(LabelIndexError) -> PostingSet {
        let start = layout[.postings].lowerBound
        var reader = ByteReader(string(.postingOffsets, .postings, Int(pair)))
        do throws(DecodeError) {
            if let set = try PostingSet.decode(&reader, limit: count) { return set }
        } catch {
            throw LabelIndexError("\(error.reason)", at: start)
        }
        throw LabelIndexError("pair \(pair) names series that are not there", at: start)
    }

    func seriesCount(ofPair pair: UInt32) throws(LabelIndexError) -> Int {
        var reader = ByteReader(string(.postingOffsets, .postings, Int(pair)))
        do throws(DecodeError) {
            return try PostingSet.decodeCount(&reader)
        } catch {
            throw LabelIndexError("\(error.reason)", at: layout[.postings].lowerBound)
        }
    }

    func hasName(_ name: Span<UInt8>) -> Bool { nameNumber(name) != nil }

    func firstOrdinal(fromID id: UInt64) -> Int { (0..<count).partitioningIndex { self.id($0) >= id } }

    private func firstValue(in range: Range<Int>, notBelow value: Span<UInt8>) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if ByteOrder.compare(self.value(middle), value) >= 0 { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

// MARK: bytes

extension LabelSegment {
    private func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ section: LabelSegmentFormat.Section, _ index: Int, as type: T.Type = T.self
    ) -> T {
        let range = layout[section]
        let offset = range.lowerBound + index * MemoryLayout<T>.size
        precondition(index >= 0 && offset + MemoryLayout<T>.size <= range.upperBound, "BUG: \(section)[\(index)]")
        let file = file
        let raw = unsafe file.bytes.bytes
        return unsafe T(littleEndian: raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: T.self))
    }

    @_lifetime(borrow self)
    private func string(
        _ offsets: LabelSegmentFormat.Section, _ bytes: LabelSegmentFormat.Section, _ index: Int
    ) -> Span<UInt8> {
        let start = layout[bytes].lowerBound
        let from = Int(load(offsets, index, as: UInt32.self))
        let to = Int(load(offsets, index + 1, as: UInt32.self))
        let file = file
        let string = file.bytes.extracting(start + from..<start + to)
        return unsafe _overrideLifetime(string, borrowing: self)
    }

    private static func readHeader(_ bytes: Span<UInt8>) throws(LabelIndexError) -> (Layout, Int) {
        let headerBytes = LabelSegmentFormat.headerBytes
        guard bytes.count >= headerBytes else { throw LabelIndexError("the header is cut off", at: bytes.count) }
        for (index, byte) in LabelSegmentFormat.magic.enumerated() where bytes[index] != byte {
            throw LabelIndexError("this is no label index", at: 0)
        }
        guard bytes[7] == LabelSegmentFormat.version else {
            throw LabelIndexError("format version \(bytes[7]) is unknown", at: 7)
        }
        func word(_ offset: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        guard word(headerBytes - 4) == Int(CRC32C.of(bytes.extracting(..<(headerBytes - 4)))) else {
            throw LabelIndexError("the checksum of the header is wrong", at: 0)
        }
        guard word(headerBytes - 8) == Int(CRC32C.of(bytes.extracting(headerBytes...))) else {
            throw LabelIndexError("the checksum is wrong", at: headerBytes)
        }
        var layout = Layout()
        (layout.names, layout.pairs) = (word(8), word(12))
        var start = headerBytes
        for section in LabelSegmentFormat.Section.allCases {
            let at = 24 + 8 * section.rawValue
            guard word(at + 4) == 0, word(at) >= start, word(at) <= bytes.count else {
                throw LabelIndexError("section \(section) ends outside of the file", at: at)
            }
            layout.sections[section.rawValue] = start..<word(at)
            start = (word(at) + 7) & ~7
        }
        return (layout, word(16))
    }

    /// Every table has the size that the counts demand, and every offset stays within what it points into.
    private func checkOffsets() throws(LabelIndexError) {
        try check(.nameOffsets, layout.names + 1, into: layout[.names].count)
        try check(.firstPairs, layout.names + 1, into: layout.pairs, exactly: true)
        try check(.valueOffsets, layout.pairs + 1, into: layout[.values].count)
        try check(.recordOffsets, count + 1, into: layout[.records].count)
        try check(.postingOffsets, layout.pairs + 1, into: layout[.postings].count)
        for (section, width) in [(LabelSegmentFormat.Section.seriesIDs, 8), (.hashes, 4), (.hashOrdinals, 4)]
        where layout[section].count != count * width {
            throw LabelIndexError("section \(section) does not hold \(count) series", at: layout[section].lowerBound)
        }
        for place in 0..<count where load(.hashOrdinals, place, as: UInt32.self) >= UInt32(count) {
            throw LabelIndexError("a hash names a series that is not there", at: layout[.hashOrdinals].lowerBound)
        }
    }

    private func check(
        _ section: LabelSegmentFormat.Section, _ entries: Int, into limit: Int, exactly: Bool = false
    ) throws(LabelIndexError) {
        guard layout[section].count == entries * 4 else {
            throw LabelIndexError("section \(section) does not hold \(entries) entries", at: layout[section].lowerBound)
        }
        var last: UInt32 = 0
        for index in 0..<entries {
            let offset = load(section, index, as: UInt32.self)
            guard offset >= last, offset <= limit else {
                throw LabelIndexError(
                    "entry \(index) of section \(section) is out of order", at: layout[section].lowerBound)
            }
            last = offset
        }
        guard !exactly || last == limit else {
            throw LabelIndexError("section \(section) does not cover all", at: layout[section].lowerBound)
        }
    }
}

import Encoding
package import Model

/// The index of series that are not on disk yet. Series are numbered (ordinals) in order of arrival; the owner guards it
/// and copies it, which costs nothing, to read it apart from the writers.
package struct MemoryLabelIndex: Sendable {
    private var names = ByteStrings()
    private var nameSlots = HashSlots()
    private var values = ByteStrings()
    /// The name of each pair; the pair's value is in `values` under the same number.
    private var pairNames: [UInt32] = []
    private var pairSlots = HashSlots()
    /// The place in `pairs` where each pair was last used.
    private var pairLast: [UInt32] = []
    private var pairCounts: [UInt32] = []

    /// The pairs of all series one after the other, by name.
    private var pairs: [UInt32] = []
    /// For each place in `pairs` the series, and the earlier place of the same pair.
    private var places: [Place] = []
    private var starts: [UInt32] = [0]
    private var hashes: [UInt64] = []
    private var slots = HashSlots()
    package private(set) var ids: [UInt64] = []

    private struct Place {
        var ordinal: UInt32
        var earlier: UInt32
    }

    private static let none = UInt32.max

    package init() {}

    package var count: Int { ids.count }

    /// The ordinal of the series with these canonical labels; `hash` is their `LabelHash`.
    package func ordinal(of labels: Span<UInt8>, hash: UInt64) -> Int? {
        slots.find(hash) { hashes[$0] == hash && equals($0, labels) }
    }

    /// Adds a series that is not there.
    ///
    /// - Parameter id: greater than all before it.
    package mutating func add(_ labels: Span<UInt8>, hash: UInt64, id: UInt64) {
        let ordinal = UInt32(ids.count)
        var cursor = LabelCursor()
        while cursor.advance(in: labels) {
            let pair = intern(labels.extracting(cursor.name), labels.extracting(cursor.value))
            places.append(Place(ordinal: ordinal, earlier: pairLast[Int(pair)]))
            pairLast[Int(pair)] = UInt32(pairs.count)
            pairCounts[Int(pair)] += 1
            pairs.append(pair)
        }
        starts.append(UInt32(pairs.count))
        ids.append(id)
        hashes.append(hash)
        let known = hashes
        slots.insert(Int(ordinal), hash: hash) { known[$0] }
    }

    package func hash(_ ordinal: Int) -> UInt64 { hashes[ordinal] }

    /// Appends the canonical labels of a series.
    package func appendLabels(_ ordinal: Int, to bytes: inout [UInt8]) {
        for place in Int(starts[ordinal])..<Int(starts[ordinal + 1]) {
            let pair = Int(pairs[place])
            let name = names[Int(pairNames[pair])]
            bytes.appendVarint(UInt64(name.count))
            bytes.append(name)
            let value = values[pair]
            bytes.appendVarint(UInt64(value.count))
            bytes.append(value)
        }
    }

    /// The series that satisfy all matchers.
    package func matching(_ matchers: [Matcher]) throws(LabelIndexError) -> PostingSet { try select(matchers) }

    /// The place of a series with this id among the sorted `ids`.
    package func ordinal(ofID id: UInt64) -> Int? {
        let place = ids.partitioningIndex { $0 >= id }
        return place < ids.count && ids[place] == id ? place : nil
    }

    /// Calls `body` with each label name, in order of arrival.
    package func forEachName(_ body: (Span<UInt8>) -> Void) {
        for index in 0..<names.count { body(names[index]) }
    }

    /// Calls `body` with each value of a label and how many series carry it.
    package func forEachValue(of name: Span<UInt8>, _ body: (Span<UInt8>, Int) -> Void) {
        guard let number = nameNumber(name) else { return }
        for pair in pairNames.indices where Int(pairNames[pair]) == number {
            body(values[pair], Int(pairCounts[pair]))
        }
    }

    /// Calls `body` with each value of a label and whether any series that carries it is one of those that `isMeant`
    /// holds for, the newest first.
    package func forEachValue(
        of name: Span<UInt8>, whose isMeant: (UInt32) -> Bool, _ body: (Span<UInt8>, Bool) -> Void
    ) {
        guard let number = nameNumber(name) else { return }
        for pair in pairNames.indices where Int(pairNames[pair]) == number {
            body(values[pair], isCarried(pair, isMeant))
        }
    }

    /// Calls `body` with each label name and whether any series that has the label is one of those that `isMeant` holds
    /// for, name after name.
    package func forEachName(whose isMeant: (UInt32) -> Bool, _ body: (Span<UInt8>, Bool) -> Void) {
        var pairs = [[Int]](repeating: [], count: names.count)
        for pair in pairNames.indices { pairs[Int(pairNames[pair])].append(pair) }
        for (number, own) in pairs.enumerated() { body(names[number], own.contains { isCarried($0, isMeant) }) }
    }

    private func isCarried(_ pair: Int, _ isMeant: (UInt32) -> Bool) -> Bool {
        var place = pairLast[pair]
        while place != Self.none, !isMeant(places[Int(place)].ordinal) { place = places[Int(place)].earlier }
        return place != Self.none
    }

    // MARK: building

    private mutating func intern(_ name: Span<UInt8>, _ value: Span<UInt8>) -> UInt32 {
        let number = internName(name)
        let hash = Hash64.of(value, seed: UInt64(number))
        if let pair = findPair(number, value, hash) { return UInt32(pair) }
        let pair = pairNames.count
        values.append(value)
        pairNames.append(UInt32(number))
        pairLast.append(Self.none)
        pairCounts.append(0)
        let (values, pairNames) = (values, pairNames)
        pairSlots.insert(pair, hash: hash) { Hash64.of(values[$0], seed: UInt64(pairNames[$0])) }
        return UInt32(pair)
    }

    private mutating func internName(_ name: Span<UInt8>) -> Int {
        if let number = nameNumber(name) { return number }
        let number = names.count
        names.append(name)
        let names = names
        nameSlots.insert(number, hash: Hash64.of(name)) { Hash64.of(names[$0]) }
        return number
    }

    private func nameNumber(_ name: Span<UInt8>) -> Int? {
        nameSlots.find(Hash64.of(name)) { ByteOrder.compare(names[$0], name) == 0 }
    }

    private func findPair(_ name: Int, _ value: Span<UInt8>, _ hash: UInt64) -> Int? {
        pairSlots.find(hash) { Int(pairNames[$0]) == name && ByteOrder.compare(values[$0], value) == 0 }
    }

    private func equals(_ ordinal: Int, _ labels: Span<UInt8>) -> Bool {
        var cursor = LabelCursor()
        var place = Int(starts[ordinal])
        let end = Int(starts[ordinal + 1])
        while cursor.advance(in: labels) {
            guard place < end else { return false }
            let pair = Int(pairs[place])
            guard ByteOrder.compare(values[pair], labels.extracting(cursor.value)) == 0,
                ByteOrder.compare(names[Int(pairNames[pair])], labels.extracting(cursor.name)) == 0
            else { return false }
            place += 1
        }
        return place == end
    }
}

extension MemoryLabelIndex: LabelSource {
    func pair(_ name: Span<UInt8>, _ value: Span<UInt8>) -> UInt32? {
        guard let number = nameNumber(name) else { return nil }
        return findPair(number, value, Hash64.of(value, seed: UInt64(number))).map { UInt32($0) }
    }

    func forEachPair(
        of name: Span<UInt8>, startingWith prefix: Span<UInt8>,
        _ body: (UInt32, Span<UInt8>) throws(LabelIndexError) -> Void
    ) throws(LabelIndexError) {
        guard let number = nameNumber(name) else { return }
        for pair in pairNames.indices where Int(pairNames[pair]) == number {
            let value = values[pair]
            if ByteOrder.startsWith(value, prefix) { try body(UInt32(pair), value) }
        }
    }

    func postings(_ pair: UInt32) -> PostingSet {
        var ordinals: [UInt32] = []
        ordinals.reserveCapacity(Int(pairCounts[Int(pair)]))
        var place = pairLast[Int(pair)]
        while place != Self.none {
            ordinals.append(places[Int(place)].ordinal)
            place = places[Int(place)].earlier
        }
        var set = PostingSet()
        for ordinal in ordinals.reversed() { set.append(ordinal) }
        return set
    }
}

extension MemoryLabelIndex {
    func seriesCount(ofPair pair: UInt32) -> Int { Int(pairCounts[Int(pair)]) }

    func hasName(_ name: Span<UInt8>) -> Bool { nameNumber(name) != nil }

    func firstOrdinal(fromID id: UInt64) -> Int { ids.partitioningIndex { $0 >= id } }
}

/// What a segment is written from.
extension MemoryLabelIndex {
    /// Hands all of it to a writer, with pairs renumbered by name and value.
    func write(to writer: inout LabelSegmentWriter) {
        let order = pairNames.indices.sorted { a, b in
            let byName =
                pairNames[a] == pairNames[b]
                ? 0 : ByteOrder.compare(names[Int(pairNames[a])], names[Int(pairNames[b])])
            return byName == 0 ? ByteOrder.compare(values[a], values[b]) < 0 : byName < 0
        }
        var renumbered = [UInt32](repeating: 0, count: pairNames.count)
        for pair in order {
            renumbered[pair] = writer.addPair(names[Int(pairNames[pair])], values[pair])
        }
        for ordinal in ids.indices {
            writer.beginSeries(id: ids[ordinal], hash: UInt32(truncatingIfNeeded: hashes[ordinal] >> 32))
            for place in Int(starts[ordinal])..<Int(starts[ordinal + 1]) {
                writer.addPair(renumbered[Int(pairs[place])])
            }
        }
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element `isBehind`, where all those before it are not and all after it are.
    func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

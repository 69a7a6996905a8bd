import Encoding
import Model

extension LabelSegment {
    /// Holds the segment against all that its format promises beyond what opening checks: names and values sorted and each
    /// there once, series by id, the sets of pairs and the records of series telling the same, hashes that find.
    package func check() throws(LabelIndexError) {
        try checkDictionary()
        try checkSeries()
        var ordinals = [[UInt32]](repeating: [], count: pairCount)
        for ordinal in 0..<count {
            var last = -1
            var isSorted = true
            try forEachPair(ofSeries: ordinal) { pair in
                if pair <= last { isSorted = false }
                last = pair
                ordinals[pair].append(UInt32(ordinal))
            }
            guard isSorted, last >= 0 else {
                throw LabelIndexError("the pairs of series \(id(ordinal)) do not ascend", at: 0)
            }
        }
        for pair in 0..<pairCount {
            var expected = PostingSet()
            for ordinal in ordinals[pair] { expected.append(ordinal) }
            guard try postings(UInt32(pair)) == expected else {
                throw LabelIndexError("pair \(pair) does not name the series that have it", at: 0)
            }
        }
    }

    private func checkDictionary() throws(LabelIndexError) {
        for number in 0..<nameCount {
            if number > 0, ByteOrder.compare(name(number - 1), name(number)) >= 0 {
                throw LabelIndexError("name \(number) is out of order", at: 0)
            }
            let range = pairs(ofName: number)
            guard !range.isEmpty else { throw LabelIndexError("name \(number) has no value", at: 0) }
            for pair in range.dropFirst() where ByteOrder.compare(value(pair - 1), value(pair)) >= 0 {
                throw LabelIndexError("value \(pair) is out of order", at: 0)
            }
        }
    }

    private func checkSeries() throws(LabelIndexError) {
        var labels: [UInt8] = []
        for ordinal in 0..<count {
            if ordinal > 0, id(ordinal - 1) >= id(ordinal) {
                throw LabelIndexError("series \(id(ordinal)) comes after a greater one", at: 0)
            }
            labels.removeAll(keepingCapacity: true)
            try appendLabels(ordinal, to: &labels)
            guard try self.ordinal(of: labels.span, hash: LabelHash.of(labels.span)) == ordinal else {
                throw LabelIndexError("series \(id(ordinal)) is not found by its labels", at: 0)
            }
        }
    }
}

import Model
import Text

/// What both forms of the index offer to the evaluation of matchers. `Pair` is a label with its value, numbered.
protocol LabelSource {
    var count: Int { get }
    func pair(_ name: Span<UInt8>, _ value: Span<UInt8>) -> UInt32?
    /// Calls `body` for each pair of the label, in no particular order.
    func forEachPair(
        of name: Span<UInt8>, startingWith prefix: Span<UInt8>,
        _ body: (UInt32, Span<UInt8>) throws(LabelIndexError) -> Void
    ) throws(LabelIndexError)
    func postings(_ pair: UInt32) throws(LabelIndexError) -> PostingSet
    func seriesCount(ofPair pair: UInt32) throws(LabelIndexError) -> Int
    func forEachName(_ body: (Span<UInt8>) -> Void)
    func hasName(_ name: Span<UInt8>) -> Bool
    /// The first series whose id is not below this one.
    func firstOrdinal(fromID id: UInt64) -> Int
}

extension LabelSource {
    /// The series that satisfy all matchers.
    ///
    /// Those that name values come first, for they leave the fewest; one whose condition also holds for an absent label
    /// is answered by what it excludes.
    func select(_ matchers: [Matcher]) throws(LabelIndexError) -> PostingSet {
        var including: [PostingSet] = []
        for matcher in matchers where !matcher.matchesEmpty {
            let set = try union(matcher) { matcher.matches($0) }
            if set.isEmpty { return set }
            including.append(set)
        }
        including.sort { $0.runs.count < $1.runs.count }
        var result = including.first ?? PostingSet(all: count)
        for set in including.dropFirst() {
            result = result.intersection(set)
            if result.isEmpty { return result }
        }
        for matcher in matchers where matcher.matchesEmpty {
            result = result.subtracting(try union(matcher) { !matcher.matches($0) })
            if result.isEmpty { return result }
        }
        return result
    }

    /// The series that carry the matcher's label with a value that `holds`.
    private func union(
        _ matcher: Matcher, where holds: (Span<UInt8>) -> Bool
    ) throws(LabelIndexError) -> PostingSet {
        let name = Array(matcher.name.utf8)
        var sets: [PostingSet] = []
        // A list of values is looked up where it is what includes (=, =~) or what excludes (!=, !~).
        if let literals = matcher.literals, matcher.isNegative == matcher.matchesEmpty {
            for literal in literals where !literal.isEmpty {
                guard let pair = pair(name.span, Array(literal.utf8).span) else { continue }
                sets.append(try postings(pair))
            }
        } else {
            var prefix: [UInt8] = []
            if !matcher.isNegative { prefix = matcher.prefix }
            try forEachPair(of: name.span, startingWith: prefix.span) { pair, value throws(LabelIndexError) in
                if holds(value) { sets.append(try postings(pair)) }
            }
        }
        return sets.isEmpty ? PostingSet() : PostingSet.union(sets)
    }
}

extension Matcher {
    /// What every value that the condition without its negation can hold for begins with.
    fileprivate var prefix: [UInt8] {
        switch pattern?.shape {
        case .prefix(let text, _), .other(let text): Array(text.utf8)
        default: []
        }
    }
}

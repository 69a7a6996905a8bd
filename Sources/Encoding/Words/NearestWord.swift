/// Suggestions for mistyped names.
package enum NearestWord {
    /// The candidate with the smallest edit distance to `word`, if it is near enough to be meant: at most a third of
    /// the word's length, and at least two edits allowed from four letters on.
    package static func of(_ word: String, among candidates: some Sequence<String>) -> String? {
        let letters = Array(word.utf8.prefix(lettersMax))
        let edits = letters.count < 4 ? 1 : max(2, letters.count / 3)
        var best: (distance: Int, word: String)?
        for candidate in candidates {
            let distance = distance(letters, Array(candidate.utf8.prefix(lettersMax)))
            if distance <= edits, distance < best?.distance ?? Int.max { best = (distance, candidate) }
        }
        return best?.word
    }

    /// Longer names are compared by their beginning, which bounds the square cost.
    private static let lettersMax = 64

    /// Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}

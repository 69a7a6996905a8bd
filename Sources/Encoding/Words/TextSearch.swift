/// Words in texts, byte for byte. The standard library has them in its module of regular expressions, which would make the
/// program 1.3 MB larger; `Package.swift` leaves it out.
extension StringProtocol {
    /// Where the word is first found; nil where it is not. An empty word is found at the start.
    package func firstRange(of word: String) -> Range<Index>? {
        var start = utf8.startIndex
        while true {
            if utf8[start...].starts(with: word.utf8) {
                return start..<utf8.index(start, offsetBy: word.utf8.count)
            }
            guard start < utf8.endIndex else { return nil }
            utf8.formIndex(after: &start)
        }
    }

    package func contains(_ word: String) -> Bool { firstRange(of: word) != nil }
}

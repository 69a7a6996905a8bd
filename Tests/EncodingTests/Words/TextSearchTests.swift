import Encoding
import TestSupport
import Testing

@Suite struct TextSearchTests {
    @Test(arguments: [
        ("http://a", "://", 4), ("", "", 0), ("a", "", 0), ("", "a", nil), ("aab", "ab", 1), ("ab", "abc", nil),
        ("größe", "ß", 4), ("abcabc", "bca", 1), ("x", "x", 0),
    ])
    func findsTheFirstPlace(text: String, word: String, offset: Int?) {
        let found = text.firstRange(of: word)
        #expect(found.map { text.utf8.distance(from: text.startIndex, to: $0.lowerBound) } == offset)
        #expect(found.map { String(text[$0]) } == (offset == nil ? nil : word))
        #expect(text.contains(word) == (offset != nil))
        #expect(text[...].contains(word) == (offset != nil))
    }

    @Test func agreesWithTryingEveryPlace() {
        var generator = SeededGenerator.announced()
        for _ in 0..<2000 {
            let text = Self.text(&generator, upTo: 12)
            let word = Self.text(&generator, upTo: 3)
            let (bytes, wanted) = (Array(text.utf8), Array(word.utf8))
            let place = (0...bytes.count).first { bytes[$0...].starts(with: wanted) }
            let found = text.firstRange(of: word)
            #expect(found.map { text.utf8.distance(from: text.startIndex, to: $0.lowerBound) } == place)
        }
    }

    private static func text(_ generator: inout SeededGenerator, upTo count: Int) -> String {
        String((0..<Int.random(in: 0...count, using: &generator)).map { _ in "abß".randomElement(using: &generator)! })
    }
}

import Encoding
import TestSupport
import Testing

@Suite struct ByteSearchTests {
    @Test func findsTheFirstPlaceOfANeedleInEitherCase() {
        var random = SeededGenerator.announced()
        let letters = Array("abABzZ[@`{1é".utf8)
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0..<70, using: &random)).map { _ in
                letters.randomElement(using: &random) ?? 0
            }
            let needle = (0..<Int.random(in: 0..<4, using: &random)).map { _ in
                Self.folded(letters.randomElement(using: &random) ?? 0)
            }
            let start = Int.random(in: 0...text.count, using: &random)
            let searched = text.map(Self.folded)
            let wanted = (start..<max(start, text.count - needle.count + 1)).first {
                searched[$0..<($0 + needle.count)].elementsEqual(needle)
            }
            #expect(ByteSearch.find(folded: needle.span, in: text.span, from: start) == wanted, "\(text) \(needle)")
        }
    }

    private static func folded(_ byte: UInt8) -> UInt8 { 0x41...0x5a ~= byte ? byte | 0x20 : byte }
}

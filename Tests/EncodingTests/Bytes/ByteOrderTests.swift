import Encoding
import TestSupport
import Testing

@Suite struct ByteOrderTests {
    @Test func ordersAsAWalkByteByByteDoes() {
        var random = SeededGenerator.announced()
        for _ in 0..<20_000 {
            let shared = (0..<Int.random(in: 0..<20, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let tails = (0..<2).map { _ in
                (0..<Int.random(in: 0..<12, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            let (a, b) = (shared + tails[0], shared + tails[1])
            let order = ByteOrder.compare(a.span, b.span)
            #expect((order < 0) == a.lexicographicallyPrecedes(b), "\(a) \(b)")
            #expect((order == 0) == (a == b), "\(a) \(b)")
            let same = zip(a, b).prefix { $0 == $1 }.count
            #expect(ByteOrder.sharedPrefix(a.span, b.span) == same, "\(a) \(b)")
            #expect(ByteOrder.startsWith(a.span, shared.span) == true, "\(a) \(shared)")
            #expect(ByteOrder.startsWith(a.span, b.span) == a.starts(with: b), "\(a) \(b)")
        }
    }
}

import TestSupport
import Testing

@testable import Databases

@Suite struct RedisReplyTests {
    /// A reply as the protocol's description has it.
    private static func encoded(_ reply: RedisReply) -> [UInt8] {
        switch reply {
        case .text(let text): Array("$\(text.utf8.count)\r\n\(text)\r\n".utf8)
        case .number(let number): Array(":\(number)\r\n".utf8)
        case .error(let text): Array("-\(text)\r\n".utf8)
        case .nothing: Array("$-1\r\n".utf8)
        case .list(let replies): Array("*\(replies.count)\r\n".utf8) + replies.flatMap(encoded)
        }
    }

    private static func random(_ numbers: inout SeededGenerator, depth: Int = 0) -> RedisReply {
        switch Int.random(in: 0..<(depth < 3 ? 5 : 4), using: &numbers) {
        case 0:
            let characters = (0..<Int.random(in: 0...20, using: &numbers)).map { _ in
                "ab\r\n$*:-é€".randomElement(using: &numbers) ?? "a"
            }
            return .text(String(characters))
        case 1: return .number(Int64.random(in: .min ... .max, using: &numbers))
        case 2: return .error("ERR \(Int.random(in: 0...9, using: &numbers))")
        case 3: return .nothing
        default:
            let count = Int.random(in: 0...4, using: &numbers)
            return .list((0..<count).map { _ in random(&numbers, depth: depth + 1) })
        }
    }

    @Test func whatIsWrittenIsReadAndNoPieceOfItIsTakenForAll() {
        var numbers = SeededGenerator.announced()
        for _ in 0..<500 {
            let reply = Self.random(&numbers)
            let bytes = Self.encoded(reply)
            var reader = RedisReplyReader(bytes)
            #expect(reader.next() == reply, "seed \(numbers.seed)")
            #expect(reader.next() == nil)
            var cut = RedisReplyReader(Array(bytes.dropLast(Int.random(in: 1...bytes.count, using: &numbers))))
            #expect(cut.next() == nil, "seed \(numbers.seed): \(reply)")
        }
    }

    @Test(arguments: [
        "*1000000000\r\n", "$99999999999\r\nab\r\n", "$x\r\n", "?\r\n", ":\r\n", "\r\n", "*-7\r\n$-8\r\n",
    ])
    func whatIsNoReplyEndsTheReading(_ text: String) {
        var reader = RedisReplyReader(Array(text.utf8))
        let reply = reader.next()
        #expect(reply == nil || reply == .nothing)
    }

    @Test func listsInListsHaveABound() {
        var reader = RedisReplyReader(Array((String(repeating: "*1\r\n", count: 100_000) + ":1\r\n").utf8))
        #expect(reader.next() == nil)
    }
}

import Databases
import Encoding

extension FuzzedDecoder {
    /// Replies of Redis: the whole ones of a beginning are the first of all.
    static let redisReplies = FuzzedDecoder("redis-replies") { input in
        func replies(_ bytes: [UInt8]) -> [RedisReply] {
            var reader = RedisReplyReader(bytes)
            var replies: [RedisReply] = []
            while let reply = reader.next() { replies.append(reply) }
            return replies
        }
        let bytes = input.array
        let all = replies(bytes)
        for cut in Set([bytes.count / 2, bytes.count / 3, max(0, bytes.count - 1)]) {
            let some = replies(Array(bytes[..<cut]))
            check(all.starts(with: some), "what \(cut) bytes hold is not how all of them begin")
        }
    }
}

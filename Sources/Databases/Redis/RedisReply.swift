/// What a Redis answers to one command.
package indirect enum RedisReply: Equatable, Sendable {
    case text(String)
    case number(Int64)
    case error(String)
    case list([RedisReply])
    case nothing
}

/// Reads replies of RESP 2, one after the other.
package struct RedisReplyReader {
    private static let depthMax = 16

    private let bytes: [UInt8]
    private var at = 0

    /// - Parameter bytes: as they came; the last reply may be cut off.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Nil at the end, where no whole reply is left, and where what comes is none.
    package mutating func next() -> RedisReply? { next(depth: 0) }

    private mutating func next(depth: Int) -> RedisReply? {
        guard depth < Self.depthMax, at < bytes.count else { return nil }
        let kind = bytes[at]
        at += 1
        guard let line = line() else { return nil }
        switch kind {
        case UInt8(ascii: "+"): return .text(line)
        case UInt8(ascii: "-"): return .error(line)
        case UInt8(ascii: ":"): return Int64(line).map { .number($0) }
        case UInt8(ascii: "$"):
            guard let count = Int(line) else { return nil }
            if count < 0 { return .nothing }
            guard count <= bytes.count - at - 2 else { return nil }
            defer { at += count + 2 }
            return .text(String(decoding: bytes[at..<(at + count)], as: UTF8.self))
        case UInt8(ascii: "*"):
            guard let count = Int(line), count <= bytes.count else { return nil }
            if count < 0 { return .nothing }
            var items: [RedisReply] = []
            for _ in 0..<count {
                guard let item = next(depth: depth + 1) else { return nil }
                items.append(item)
            }
            return .list(items)
        default: return nil
        }
    }

    private mutating func line() -> String? {
        guard let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")), end > at else { return nil }
        defer { at = end + 1 }
        return String(decoding: bytes[at..<(end - 1)], as: UTF8.self)
    }
}

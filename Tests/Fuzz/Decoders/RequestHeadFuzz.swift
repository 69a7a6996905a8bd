import HTTP

extension FuzzedDecoder {
    /// Heads of HTTP requests: what arrives in pieces is read like what arrives at once. The last byte says how long the
    /// pieces are.
    static let requestHead = FuzzedDecoder("request-head", bytesMax: 512) { bytes in
        let whole = outcome(bytes)
        if case .head(let end) = whole {
            check(end <= bytes.count, "the head ends at \(end) of \(bytes.count) bytes")
            check(outcome(bytes.extracting(0..<end)) == whole, "a head needs the bytes behind it")
        }
        var scanner = HeadScanner()
        do {
            let piece = bytes.isEmpty ? 1 : 1 + Int(bytes[bytes.count - 1] & 31)
            var end: Int?
            var count = 0
            while end == nil, count < bytes.count {
                count = min(bytes.count, count + piece)
                end = try scanner.advance(bytes.extracting(0..<count), HeadLimits())
            }
            if case .head(let expected) = whole { check(end == expected, "in pieces the head ends elsewhere") }
            if whole == .incomplete { check(end == nil, "in pieces the head ends though at once it does not") }
        } catch {
            check(whole != .incomplete, "in pieces the head is refused though at once it is not: \(error)")
        }
    }

    private enum Outcome: Equatable {
        case head(end: Int)
        case incomplete
        case refused
    }

    private static func outcome(_ bytes: Span<UInt8>) -> Outcome {
        do {
            guard let (_, end) = try RequestParser.parse(bytes) else { return .incomplete }
            return .head(end: end)
        } catch {
            return .refused
        }
    }
}

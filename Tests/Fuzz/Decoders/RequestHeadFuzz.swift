import HTTP

extension FuzzedDecoder {
    /// Heads of HTTP requests: what arrives byte by byte is read like what arrives at once.
    static let requestHead = FuzzedDecoder("request-head", bytesMax: 512) { bytes in
        let whole = outcome(bytes)
        if case .head(let end) = whole {
            check(end <= bytes.count, "the head ends at \(end) of \(bytes.count) bytes")
            check(outcome(bytes.extracting(0..<end)) == whole, "a head needs the bytes behind it")
        }
        var scanner = HeadScanner()
        do {
            var end: Int?
            for count in 0...bytes.count where end == nil {
                end = try scanner.advance(bytes.extracting(0..<count), HeadLimits())
            }
            if case .head(let expected) = whole { check(end == expected, "byte by byte the head ends elsewhere") }
            if whole == .incomplete { check(end == nil, "byte by byte the head ends though at once it does not") }
        } catch {
            check(whole != .incomplete, "byte by byte the head is refused though at once it is not: \(error)")
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

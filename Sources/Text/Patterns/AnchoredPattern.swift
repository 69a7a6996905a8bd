/// A pattern that has to match all of a value, as in Prometheus' matchers: `.` takes anything, and lists of names and
/// names with `.*` around them are matched without running an automaton.
///
/// Safe from several threads at once.
package final class AnchoredPattern: Sendable {
    package let pattern: String
    package let shape: PatternShape
    /// Only where the shape does not decide.
    private let expression: RegularExpression?
    private let literals: LiteralSet

    package init(_ pattern: String) throws(RegularExpressionError) {
        self.pattern = pattern
        shape = PatternShape(of: pattern)
        if case .literals(let texts) = shape {
            literals = LiteralSet(sorted: texts)
        } else {
            literals = LiteralSet(sorted: [])
        }
        if case .other = shape {
            expression = try RegularExpression(pattern, dot: .anything)
        } else {
            expression = nil
        }
    }

    package func matches(_ value: Span<UInt8>) -> Bool {
        switch shape {
        case .literals: return literals.contains(value)
        case .anything(let nonEmpty): return !nonEmpty || !value.isEmpty
        case .prefix(let text, let more):
            return value.count >= text.utf8.count + (more ? 1 : 0) && Self.equal(value, at: 0, text)
        case .suffix(let text, let more):
            let start = value.count - text.utf8.count
            return start >= (more ? 1 : 0) && Self.equal(value, at: start, text)
        case .containing(let text): return Self.contains(value, text)
        case .other: return expression?.matchesWhole(value) ?? false
        }
    }

    private static func equal(_ value: Span<UInt8>, at start: Int, _ text: String) -> Bool {
        var index = start
        for byte in text.utf8 {
            if value[index] != byte { return false }
            index += 1
        }
        return true
    }

    private static func contains(_ value: Span<UInt8>, _ text: String) -> Bool {
        let last = value.count - text.utf8.count
        guard last >= 0, let first = text.utf8.first else { return last >= 0 }
        var start = 0
        while start <= last {
            if value[start] == first, equal(value, at: start, text) { return true }
            start += 1
        }
        return false
    }
}

/// Sorted texts in one buffer, searched by halving.
private struct LiteralSet: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    init(sorted texts: [String]) {
        for text in texts {
            bytes += text.utf8
            ends.append(bytes.count)
        }
    }

    func contains(_ value: Span<UInt8>) -> Bool {
        var low = 0
        var high = ends.count
        while low < high {
            let middle = (low + high) / 2
            let order = compare(middle, value)
            if order == 0 { return true }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
    }

    private func compare(_ place: Int, _ value: Span<UInt8>) -> Int {
        let start = place == 0 ? 0 : ends[place - 1]
        let count = ends[place] - start
        for index in 0..<min(count, value.count) where bytes[start + index] != value[index] {
            return Int(bytes[start + index]) - Int(value[index])
        }
        return count - value.count
    }
}

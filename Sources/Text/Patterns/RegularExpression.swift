import CRE2
import Encoding

/// Why a pattern was refused.
package struct RegularExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    package let pattern: String
    package let reason: String

    package var description: String {
        let shown = pattern.count <= 200 ? pattern : String(pattern.prefix(200)) + "..."
        return "invalid regular expression \(Quoted.text(shown)): \(reason)"
    }
}

/// A compiled regular expression with the syntax of Go and RE2, matched in time linear in the text.
///
/// Matching is safe from several threads at once.
@safe package final class RegularExpression: @unchecked Sendable {  // RE2 locks what it changes while matching
    package enum Limits {
        package static let patternBytesMax = 1 << 20
        /// Program and automaton of one pattern; RE2 falls back to a slower match beyond it, and refuses a program
        /// that needs more.
        package static let memoryBytesMax = 16 << 20
    }

    /// What `.` takes.
    package enum Dot: Sendable {
        /// Anything but a line break, as Go has it.
        case character
        /// Anything, as Prometheus has it in matchers and relabelling.
        case anything
    }

    package let pattern: String
    /// Capturing groups, the whole match not counted.
    package let groupCount: Int
    private let compiled: OpaquePointer

    package init(_ pattern: String, dot: Dot = .character) throws(RegularExpressionError) {
        guard pattern.utf8.count <= Limits.patternBytesMax else {
            throw RegularExpressionError(
                pattern: pattern,
                reason: "it has \(pattern.utf8.count) bytes, the limit is \(Limits.patternBytesMax)")
        }
        self.pattern = pattern
        let bytes = Array(pattern.utf8)
        unsafe compiled = bytes.withUnsafeBytes { buffer in
            unsafe cre2_compile(
                unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, Limits.memoryBytesMax,
                dot == .anything)
        }
        groupCount = max(0, unsafe Int(cre2_group_count(compiled)))
        if let reason = unsafe cre2_error(compiled) {
            throw unsafe RegularExpressionError(pattern: pattern, reason: String(cString: reason))
        }
    }

    deinit { unsafe cre2_free(compiled) }

    /// Where each named group is; groups count from 1.
    package var groupNames: [(name: String, group: Int)] {
        (0..<groupCount).compactMap { index in
            guard let name = unsafe cre2_group_name(compiled, Int32(index + 1)) else { return nil }
            return unsafe (String(cString: name), index + 1)
        }
    }

    /// True where the pattern matches somewhere in `text`.
    package func matches(_ text: Span<UInt8>) -> Bool { unsafe match(text, from: 0, whole: false, nil, count: 0) }

    /// True where the pattern matches all of `text`.
    package func matchesWhole(_ text: Span<UInt8>) -> Bool { unsafe match(text, from: 0, whole: true, nil, count: 0) }

    /// Finds the leftmost match at or after `start`, or with `whole` one that is all of `text`, and writes the ranges
    /// of the match and of its groups: two offsets each, -1 for a group that took no part. `ranges` is reused.
    package func captures(
        in text: Span<UInt8>, from start: Int = 0, whole: Bool = false, into ranges: inout CaptureRanges
    ) -> Bool {
        ranges.resize(to: groupCount + 1)
        return unsafe ranges.offsets.withUnsafeMutableBufferPointer { offsets in
            unsafe match(text, from: start, whole: whole, offsets.baseAddress, count: groupCount + 1)
        }
    }

    private func match(
        _ text: Span<UInt8>, from start: Int, whole: Bool, _ spans: UnsafeMutablePointer<Int>?, count: Int
    ) -> Bool {
        unsafe text.withUnsafeBytes { buffer in
            unsafe cre2_match(
                compiled, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), start, buffer.count, whole, spans,
                Int32(count))
        }
    }
}

/// Where a match and its groups lie in a text. Group 0 is the whole match.
package struct CaptureRanges: Sendable {
    fileprivate var offsets: [Int] = []

    package init() {}

    /// Nil where the group took no part in the match or does not exist.
    package subscript(group: Int) -> Range<Int>? {
        guard group >= 0, 2 * group + 1 < offsets.count, offsets[2 * group] >= 0 else { return nil }
        return offsets[2 * group]..<offsets[2 * group + 1]
    }

    fileprivate mutating func resize(to groups: Int) {
        if offsets.count != 2 * groups { offsets = [Int](repeating: -1, count: 2 * groups) }
    }
}

import Encoding
import Model

/// The lines that a target's pages have, and the series that each means: so that a page like the last one is compared
/// rather than read.
///
/// A line is known by its bytes up to the value (a comment by all of them). Each remembers which line came behind it, so
/// in the steady state one comparison of bytes finds the series; a line out of its order costs a hash and a look-up.
struct SeriesCache: Sendable {
    enum Role: UInt8, Sendable {
        case series, dropped, comment
    }

    struct Line: Sendable {
        fileprivate(set) var start: Int32
        fileprivate(set) var count: Int32
        fileprivate var hash: UInt32
        /// The line that came behind this one last time.
        var successor: Int32 = -1
        var reference = SampleBatch.Reference.unresolved
        /// The last page that had it.
        var seen: UInt32 = 0
        /// The last page on which it counted for staleness.
        var tracked: UInt32 = 0
        /// Whether it counted on the page before the last that had it.
        var wasTracked = false
        var role: Role
        /// Of the TYPE before the line, or that a TYPE line tells.
        var kind: MetricMetadata.Kind
        var isOpenMetrics: Bool

        /// Notes that page `round` has a sample of it, which counts for staleness.
        @inline(__always)
        mutating func count(on round: UInt32) {
            seen = round
            wasTracked = isTracked(before: round)
            tracked = round
        }

        /// Whether it counted on the page before.
        @inline(__always)
        func isTracked(before round: UInt32) -> Bool { round > 1 && tracked == round - 1 }
    }

    var lines: [Line] = []
    private var text: [UInt8] = []
    /// Open addressing: a line's index, -1 where free.
    private var slots = [Int32](repeating: -1, count: 64)
    private let seed = UInt64.random(in: .min ... .max)

    /// The line that is expected next.
    var expected: Int32 = -1
    /// The line before.
    private var last: Int32 = -1
    /// The first line of a page.
    private var first: Int32 = -1

    /// Begins a page.
    mutating func startPage() {
        expected = first
        last = -1
    }

    /// Notes that `line` is the current one of the page.
    @inline(__always)
    mutating func follow(_ line: Int32) {
        if last < 0 {
            first = line
        } else if lines[Int(last)].successor != line {
            lines[Int(last)].successor = line
        }
        last = line
        expected = lines[Int(line)].successor
    }

    /// The expected line, where its bytes stand at `position` of the page.
    @inline(__always)
    func expectedLine(in page: Span<UInt8>, at position: Int) -> Int32? {
        guard expected >= 0 else { return nil }
        let line = lines[Int(expected)]
        let range = Int(line.start)..<Int(line.start) + Int(line.count)
        return page.has(text.span.extracting(range), at: position) ? expected : nil
    }

    /// Passes over the expected line where it is a series that the store knows and that page `round` has not had yet.
    @inline(__always)
    mutating func pass(_ line: Int32, on round: UInt32) -> (reference: SampleBatch.Reference, wasTracked: Bool)? {
        let known = lines[Int(line)]
        guard known.role == .series, known.reference != .unresolved, known.seen != round else { return nil }
        last = line
        expected = known.successor
        lines[Int(line)].count(on: round)
        return (known.reference, known.isTracked(before: round))
    }

    private func bytes(_ line: Int32) -> Range<Int> {
        Int(lines[Int(line)].start)..<Int(lines[Int(line)].start) + Int(lines[Int(line)].count)
    }

    /// The bytes of a line.
    func copy(_ line: Int32) -> [UInt8] { Array(text[bytes(line)]) }

    func find(_ bytes: Span<UInt8>) -> Int32? {
        let hash = Hash64.of(bytes, seed: seed)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let line = lines[Int(slots[slot])]
            if line.hash == UInt32(truncatingIfNeeded: hash), Int(line.count) == bytes.count,
                bytes.has(text.span.extracting(Int(line.start)..<Int(line.start) + Int(line.count)), at: 0)
            {
                return slots[slot]
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds a line that is not there yet; nil where the cache would grow beyond 2 GB.
    mutating func add(
        _ bytes: Span<UInt8>, _ role: Role, kind: MetricMetadata.Kind, isOpenMetrics: Bool
    ) -> Int32? {
        guard text.count + bytes.count < Int(Int32.max) else { return nil }
        let hash = Hash64.of(bytes, seed: seed)
        lines.append(
            Line(
                start: Int32(text.count), count: Int32(bytes.count), hash: UInt32(truncatingIfNeeded: hash), role: role,
                kind: kind, isOpenMetrics: isOpenMetrics))
        text.append(bytes)
        if lines.count * 2 > slots.count { grow() } else { insert(Int32(lines.count - 1), hash) }
        return Int32(lines.count - 1)
    }

    private mutating func insert(_ line: Int32, _ hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = line
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for index in lines.indices {
            insert(Int32(index), Hash64.of(text.span.extracting(bytes(Int32(index))), seed: seed))
        }
    }

    /// Forgets the lines that page `round` does not have, once they are more than those that it has.
    mutating func forget(notOn round: UInt32) {
        let kept = lines.reduce(0) { $0 + ($1.seen == round ? 1 : 0) }
        guard lines.count > 2 * kept + 1000 else { return }
        var smaller = SeriesCache()
        for line in lines where line.seen == round {
            let range = Int(line.start)..<Int(line.start) + Int(line.count)
            guard
                let index = smaller.add(
                    text.span.extracting(range), line.role, kind: line.kind, isOpenMetrics: line.isOpenMetrics)
            else { continue }
            smaller.lines[Int(index)].reference = line.reference
            smaller.lines[Int(index)].seen = line.seen
            smaller.lines[Int(index)].tracked = line.tracked
        }
        self = smaller
    }
}

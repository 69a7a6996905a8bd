/// The place of one operation in a distributed trace, as W3C Trace Context carries it between services.
package struct TraceContext: Sendable, Equatable {
    /// 128 bits, not all zero.
    package let traceHigh: UInt64
    package let traceLow: UInt64
    /// Not zero.
    package let spanID: UInt64
    /// Whether the caller records this trace; bit 0 of the flags.
    package let isSampled: Bool
    /// The `tracestate` header as it came, valid and at most 512 bytes; empty if there was none.
    package let state: String

    /// The first span of a new trace. `sampleRatio` 0...1 decides by the trace id, so every service decides alike.
    package init(sampleRatio: Double) {
        var random = SystemRandomNumberGenerator()
        let low = UInt64.random(in: 1...UInt64.max, using: &random)
        self.init(
            traceHigh: random.next(), traceLow: low, spanID: UInt64.random(in: 1...UInt64.max, using: &random),
            isSampled: Double(low >> 11) < sampleRatio * Double(1 << 53), state: "")
    }

    init(traceHigh: UInt64, traceLow: UInt64, spanID: UInt64, isSampled: Bool, state: String) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// A new span of the same trace under this one.
    package func child() -> TraceContext {
        TraceContext(
            traceHigh: traceHigh, traceLow: traceLow, spanID: UInt64.random(in: 1...UInt64.max),
            isSampled: isSampled, state: state)
    }

    /// 32 lower-case hexadecimal digits.
    package var traceIDText: String { HexText.digits(traceHigh) + HexText.digits(traceLow) }
    /// 16 lower-case hexadecimal digits.
    package var spanIDText: String { HexText.digits(spanID) }

    var exemplarLabels: [LabelPair] { [LabelPair("trace_id", traceIDText), LabelPair("span_id", spanIDText)] }
}

extension TraceContext {
    /// Reads `traceparent` and `tracestate`; nil where the first is absent or breaks the standard, in which case the
    /// receiver starts a trace of its own. A `tracestate` that breaks it is dropped, the parent stays.
    package init?(traceparent: String, tracestate: String? = nil) {
        let bytes = Array(traceparent.utf8)
        // version(2) - trace id(32) - parent id(16) - flags(2); a later version may go on after another dash.
        guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let version = HexText.value(bytes[0..<2]), version != 0xff,
            version == 0 ? bytes.count == 55 : (bytes.count == 55 || bytes[55] == Self.dash),
            let high = HexText.value(bytes[3..<19]), let low = HexText.value(bytes[19..<35]), high | low != 0,
            let span = HexText.value(bytes[36..<52]), span != 0,
            let flags = HexText.value(bytes[53..<55])
        else { return nil }
        self.init(
            traceHigh: high, traceLow: low, spanID: span, isSampled: flags & 1 == 1,
            state: tracestate.flatMap(Self.checkedState) ?? "")
    }

    /// The header for an outgoing request made by this span.
    package var traceparent: String {
        "00-\(traceIDText)-\(spanIDText)-\(isSampled ? "01" : "00")"
    }

    private static let dash = UInt8(ascii: "-")
    private static let stateBytesMax = 512
    private static let stateMembersMax = 32

    /// The state without empty members; nil if a member breaks the grammar, a key comes twice or a bound is passed.
    private static func checkedState(_ state: String) -> String? {
        var keys: Set<Substring> = []
        var members: [Substring] = []
        for raw in state.split(separator: ",") {
            let member = raw.drop { $0 == " " || $0 == "\t" }
            let trimmed = member[
                ..<(member.lastIndex { $0 != " " && $0 != "\t" }.map(member.index(after:)) ?? member.startIndex)]
            guard !trimmed.isEmpty else { continue }
            guard let equals = trimmed.firstIndex(of: "=") else { return nil }
            let key = trimmed[..<equals]
            guard isStateKey(key.utf8), isStateValue(trimmed[equals...].utf8.dropFirst()), keys.insert(key).inserted
            else { return nil }
            members.append(trimmed)
        }
        let text = members.joined(separator: ",")
        return members.count <= stateMembersMax && text.utf8.count <= stateBytesMax ? text : nil
    }

    /// Lower-case letters, digits and `_-*/`, begun by a letter or digit; `tenant@system` in the same alphabet.
    private static func isStateKey(_ key: Substring.UTF8View) -> Bool {
        let parts = key.split(separator: UInt8(ascii: "@"), maxSplits: 2, omittingEmptySubsequences: false)
        guard key.count <= 256, (1...2).contains(parts.count) else { return false }
        return parts.allSatisfy { part in
            guard let first = part.first, isLowerOrDigit(first) else { return false }
            return part.allSatisfy { isLowerOrDigit($0) || "_-*/".utf8.contains($0) }
        }
    }

    /// Printable ASCII without comma and equals sign, at most 256, not ended by a blank.
    private static func isStateValue(_ value: Substring.UTF8View) -> Bool {
        guard let last = value.last, value.count <= 256, last != UInt8(ascii: " ") else { return false }
        return value.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// Hexadecimal as trace context wants it: lower case only.
enum HexText {
    static func digits(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    static func value(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for byte in digits {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}

import Encoding
import HTTP
import LogQL
import Model

/// Parameters as Loki's API reads them: from the query and from a posted form. Times are nanoseconds.
struct LokiParameters: Sendable {
    private let pairs: [(name: String, value: String)]
    private let nowNs: Int64

    /// As in Loki: a graph with more points than this is wider than any screen.
    static let pointsMax: Int64 = 11_000
    private static let sinceDefaultNs: Int64 = 3_600_000_000_000

    init(_ request: borrowing Request, nowNs: Int64) {
        pairs = request.pairs()
        self.nowNs = nowNs
    }

    /// The first value; nil where it is absent or empty.
    subscript(name: String) -> String? {
        guard let value = pairs.first(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
        return value
    }

    func all(_ name: String) -> [String] { pairs.filter { $0.name == name && !$0.value.isEmpty }.map(\.value) }

    /// Unix nanoseconds, seconds where that is more likely or there is a fraction, or RFC 3339.
    func timeNs(_ name: String) throws(LokiFailure) -> Int64? {
        guard let text = self[name] else { return nil }
        if let whole = Int64(text) { return text.utf8.count <= 10 ? whole * 1_000_000_000 : whole }
        if let seconds = FloatReading.float(text), (seconds * 1e9).magnitude < 9.2e18 {
            let whole = seconds.rounded(.down)
            return Int64(whole) * 1_000_000_000 + Int64(((seconds - whole) * 1e9).rounded())
        }
        if let ms = RFC3339.ms(text) { return ms * 1_000_000 + Self.belowMilliseconds(text) }
        throw LokiFailure(.badRequest, "could not parse '\(name)' parameter: parsing time \"\(text)\": invalid time")
    }

    /// What the fraction of a time has behind its third digit.
    private static func belowMilliseconds(_ text: String) -> Int64 {
        guard let point = text.firstIndex(of: ".") else { return 0 }
        let digits = text[text.index(after: point)...].prefix { $0.isNumber }.dropFirst(3).prefix(6)
        return Int64(String(digits) + String(repeating: "0", count: 6 - digits.count)) ?? 0
    }

    func durationNs(_ name: String) throws(LokiFailure) -> Int64? {
        guard let text = self[name] else { return nil }
        if let seconds = FloatReading.float(text), (seconds * 1e9).magnitude < 9.2e18 { return Int64(seconds * 1e9) }
        if let ns = QueryDuration.nanoseconds(text) { return ns }
        throw LokiFailure(.badRequest, "cannot parse \"\(text)\" to a valid duration")
    }

    /// `start` and `end`, or `since` before the end; by default the last hour.
    func range() throws(LokiFailure) -> (startNs: Int64, endNs: Int64) {
        let end = try timeNs("end") ?? nowNs
        let since = try durationNs("since") ?? Self.sinceDefaultNs
        let start = try timeNs("start") ?? (min(end, nowNs) - since)
        return (start, end)
    }

    func checkedRange() throws(LokiFailure) -> (startNs: Int64, endNs: Int64) {
        let range = try range()
        if range.endNs <= range.startNs {
            throw LokiFailure(.badRequest, "end timestamp must not be before or equal to start time")
        }
        return range
    }

    func limit(_ name: String = "limit", default standard: Int = 100, max: Int = .max) throws(LokiFailure) -> Int {
        guard let text = self[name] else { return standard }
        guard let limit = Int(text) else {
            throw LokiFailure(.badRequest, "strconv.Atoi: parsing \"\(text)\": invalid syntax")
        }
        if limit <= 0 { throw LokiFailure(.badRequest, "limit must be a positive value") }
        if limit > max {
            throw LokiFailure(
                .badRequest,
                "max entries limit per query exceeded, limit > max_entries_limit_per_query (\(limit) > \(max))")
        }
        return limit
    }

    func isForward() throws(LokiFailure) -> Bool {
        switch self["direction"]?.lowercased() {
        case nil, "backward": return false
        case "forward": return true
        case let other?: throw LokiFailure(.badRequest, "invalid direction '\(other)'")
        }
    }

    /// Seconds or a duration; by default a 250th of the range and at least a second.
    func stepNs(_ range: (startNs: Int64, endNs: Int64)) throws(LokiFailure) -> Int64 {
        let step =
            try durationNs("step") ?? max(1, (range.endNs - range.startNs) / 1_000_000_000 / 250) * 1_000_000_000
        if step <= 0 {
            throw LokiFailure(
                .badRequest,
                "zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        if (range.endNs - range.startNs) / step > Self.pointsMax {
            throw LokiFailure(
                .badRequest,
                "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter"
            )
        }
        return step
    }

    func query() throws(LokiFailure) -> (text: String, parsed: LogQuery) {
        let text = self["query"] ?? ""
        return (text, try Self.parse(text))
    }

    static func parse(_ text: String) throws(LokiFailure) -> LogQuery {
        do throws(LogQLError) {
            return try LogQuery(parsing: text)
        } catch {
            throw LokiFailure(error)
        }
    }

    /// The matchers of a selector; all streams where there is none.
    static func matchers(_ text: String?) throws(LokiFailure) -> [Matcher] {
        guard let text else { return [] }
        switch try parse(text) {
        case .lines(let selector): return selector.matchers
        case .metric: throw LokiFailure(.badRequest, "only label matchers are supported")
        }
    }
}

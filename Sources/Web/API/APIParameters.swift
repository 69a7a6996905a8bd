import Encoding
import HTTP
import Model

/// Parameters as Prometheus' API reads them: from the query and from a posted form.
struct APIParameters: Sendable {
    private let pairs: [(name: String, value: String)]

    init(_ request: borrowing Request) { pairs = request.pairs() }

    /// The first value; nil where it is absent or empty.
    subscript(name: String) -> String? {
        guard let value = pairs.first(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
        return value
    }

    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// Unix seconds with a fraction, or RFC 3339; moments beyond any sample are brought near enough to calculate with.
    func timeMs(_ name: String) throws(APIError) -> Int64? {
        guard let text = self[name] else { return nil }
        if let seconds = FloatReading.float(text), !seconds.isNaN {
            let farthest = Double(Self.farthestMs)
            return Int64(max(-farthest, min((seconds * 1000).rounded(), farthest)))
        }
        if let ms = RFC3339.ms(text) ?? Self.bounds[text] { return ms }
        throw APIError(parameter: name, "cannot parse \"\(text)\" to a valid timestamp")
    }

    /// The difference of two such moments is still a number of 64 bits.
    private static let farthestMs: Int64 = 4_000_000_000_000_000_000
    /// What Prometheus' clients send for the first and the last moment; their years have more than four digits.
    private static let bounds: [String: Int64] = [
        "-292273086-05-16T16:47:06Z": -farthestMs, "292277025-08-18T07:12:54.999999999Z": farthestMs,
    ]

    /// A number of seconds or a duration such as `1m30s`.
    func durationMs(_ name: String) throws(APIError) -> Int64? {
        guard let text = self[name] else { return nil }
        if let seconds = FloatReading.float(text) {
            guard let ms = Self.ms(seconds) else {
                throw APIError(parameter: name, "cannot parse \"\(text)\" to a valid duration. It overflows int64")
            }
            return ms
        }
        do throws(DurationError) {
            return try Durations.milliseconds(of: text)
        } catch {
            throw APIError(parameter: name, "cannot parse \"\(text)\" to a valid duration")
        }
    }

    /// How many results at most; zero or absent is no limit.
    func limit() throws(APIError) -> Int? {
        guard let text = self["limit"] else { return nil }
        guard let limit = Int(text) else { throw APIError(parameter: "limit", "\(Quoted.text(text)) is no number") }
        if limit < 0 { throw APIError(parameter: "limit", "limit must be non-negative") }
        return limit == 0 ? nil : limit
    }

    /// Go's durations count nanoseconds in 64 bits, about 292 years.
    private static func ms(_ seconds: Double) -> Int64? {
        guard (seconds * 1e9).magnitude < 9.2e18 else { return nil }
        return Int64((seconds * 1000).rounded())
    }
}

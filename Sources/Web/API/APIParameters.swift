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

    /// Unix seconds with a fraction, or RFC 3339.
    func timeMs(_ name: String) throws(APIError) -> Int64? {
        guard let text = self[name] else { return nil }
        if let seconds = FloatReading.float(text) {
            guard let ms = Self.ms(seconds) else {
                throw APIError(parameter: name, "cannot parse \"\(text)\" to a valid timestamp")
            }
            return ms
        }
        if let ms = RFC3339.ms(text) { return ms }
        throw APIError(parameter: name, "cannot parse \"\(text)\" to a valid timestamp")
    }

    /// A number of seconds or a duration such as `1m30s`.
    func durationMs(_ name: String) throws(APIError) -> Int64? {
        guard let text = self[name] else { return nil }
        if let seconds = FloatReading.float(text) {
            guard let ms = Self.ms(seconds) else {
                throw APIError(parameter: name, "cannot parse \"\(text)\" to a valid duration. It overflows int64")
            }
            return ms
        }
        do throws(PrometheusDuration.ParseError) {
            return try PrometheusDuration.parse(text)
        } catch {
            throw APIError(parameter: name, "cannot parse \"\(text)\" to a valid duration")
        }
    }

    /// How many results at most; zero or absent is no limit.
    func limit() throws(APIError) -> Int? {
        guard let text = self["limit"] else { return nil }
        guard let limit = Int(text), limit >= 0 else {
            throw APIError(parameter: "limit", "limit must be non-negative: \"\(text)\"")
        }
        return limit == 0 ? nil : limit
    }

    private static func ms(_ seconds: Double) -> Int64? {
        let ms = (seconds * 1000).rounded()
        return ms.magnitude < 9.2e18 ? Int64(ms) : nil
    }
}

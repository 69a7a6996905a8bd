/// The request methods that routes can be registered for.
package enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, delete, options, patch

    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        }
    }

    /// Methods are case-sensitive (RFC 9110, 9.1).
    init?(_ bytes: Span<UInt8>) {
        guard let method = Method.allCases.first(where: { bytes.equals($0.name) }) else { return nil }
        self = method
    }
}

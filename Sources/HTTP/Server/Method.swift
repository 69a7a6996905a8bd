/// The request methods that are known. TRACE is one, so that it is refused like any method that a path has not with 405.
package enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, delete, options, patch, trace

    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        }
    }

    /// Methods are case-sensitive (RFC 9110, 9.1).
    init?(_ bytes: Span<UInt8>) {
        guard let method = Method.allCases.first(where: { bytes.equals($0.name) }) else { return nil }
        self = method
    }
}

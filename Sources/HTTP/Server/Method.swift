/// The request methods that paths may have. Every other is one that no path has, and is refused like that.
package enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, delete, options, patch, other

    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .other: "other"
        }
    }

    /// Methods are case-sensitive (RFC 9110, 9.1).
    init(_ bytes: Span<UInt8>) {
        self = Method.allCases.first { bytes.equals($0.name) } ?? .other
    }
}

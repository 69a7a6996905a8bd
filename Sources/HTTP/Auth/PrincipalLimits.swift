/// How much one principal may ask; nil is without limit.
package struct PrincipalLimits: Sendable, Hashable {
    package var requestsPerSecond: Int?
    /// Of request bodies, as they came over the wire.
    package var bytesPerSecond: Int?
    /// From the head of a request to the end of its answer.
    package var requestsAtOnce: Int?

    package static let none = PrincipalLimits()

    package init(requestsPerSecond: Int? = nil, bytesPerSecond: Int? = nil, requestsAtOnce: Int? = nil) {
        self.requestsPerSecond = requestsPerSecond
        self.bytesPerSecond = bytesPerSecond
        self.requestsAtOnce = requestsAtOnce
    }
}

/// What showing a valid token gives.
package struct TokenGrant: Sendable, Equatable {
    package let name: String
    package let role: Role
    package let limits: PrincipalLimits

    package init(name: String, role: Role, limits: PrincipalLimits = .none) {
        self.name = name
        self.role = role
        self.limits = limits
    }
}

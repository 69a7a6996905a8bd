/// Who sent a request.
package struct Principal: Hashable, Sendable {
    package let name: String
    package let roles: Set<Role>
    /// What the request takes of its principal's requests at once; nil where nobody counts.
    let place: RequestPlace?

    package init(name: String, roles: Set<Role>) {
        self.init(name: name, roles: roles, place: nil)
    }

    init(name: String, roles: Set<Role>, place: RequestPlace?) {
        self.name = name
        self.roles = roles
        self.place = place
    }

    package static func == (left: Principal, right: Principal) -> Bool {
        left.name == right.name && left.roles == right.roles
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(roles)
    }

    package func may(_ role: Role) -> Bool { roles.contains { $0.includes(role) } }
}

/// What the gate says about a request. It is asked once the head is there and the route is known, before the body is
/// read.
package enum GateVerdict: Sendable {
    case admitted(Principal?)
    /// - Parameters:
    ///   - challenge: the value of WWW-Authenticate for a 401.
    ///   - retryAfterSeconds: the value of Retry-After for a 429 or 503.
    case refused(RequestRefusal, challenge: String? = nil, retryAfterSeconds: Int? = nil)
    /// The closure is called at once with what takes the verdict, from any thread and later, but once. It must not wait;
    /// the connection does. A verdict that says `later` again is a bug.
    case later(@Sendable (_ decide: @escaping @Sendable (GateVerdict) -> Void) -> Void)
}

package typealias Gate = @Sendable (borrowing Request, Route) -> GateVerdict

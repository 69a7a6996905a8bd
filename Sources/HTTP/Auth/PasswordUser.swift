package import Crypto

/// Someone who shows a name and a password, as the configuration has them.
package struct PasswordUser: Sendable, Equatable {
    package let name: String
    package let hash: PasswordHash
    package let role: Role
    package let limits: PrincipalLimits

    package init(name: String, hash: PasswordHash, role: Role, limits: PrincipalLimits = .none) {
        self.name = name
        self.hash = hash
        self.role = role
        self.limits = limits
    }
}

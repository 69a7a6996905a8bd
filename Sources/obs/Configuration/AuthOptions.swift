import Encoding
import HTTP
import Text

/// `auth`: who may do what. Where the section is there, everyone has to say who they are, with a token of
/// `obs token create` or as one of these users.
struct AuthOptions: Sendable {
    struct User: Sendable {
        let name: String
        /// In the form that `crypt(3)` reads: yescrypt, bcrypt and the like.
        let passwordHash: SecretSource
        let role: Role
        let limits: PrincipalLimits
    }

    let users: [User]

    init(_ section: YAMLSection) {
        var users: [User] = []
        for entry in section.sections("users", "user") {
            guard let user = Self.user(entry) else { continue }
            if users.contains(where: { $0.name == user.name }) {
                entry.refuse(at: "name", "found multiple users with name \(Quoted.text(user.name))", "rename one")
            }
            users.append(user)
        }
        self.users = users
        section.finish()
    }

    private static func user(_ section: YAMLSection) -> User? {
        let name = section.string("name") ?? ""
        let hash = section.secret("password_hash", file: "password_hash_file")
        let role = section.choice("role", Role.allCases.map(\.rawValue)).flatMap(Role.init(rawValue:))
        let limits = PrincipalLimits(
            requestsPerSecond: section.int("requests_per_second", in: 1...Int.max),
            bytesPerSecond: section.bytes("bytes_per_second").map(Int.init),
            requestsAtOnce: section.int("requests_at_once", in: 1...Int.max))
        if name.isEmpty || name.contains(":") {
            section.refuse(at: "name", "a user's name is missing or has a colon")
        }
        if hash == nil {
            section.refuse(at: "password_hash", "password_hash is missing", "make one with `mkpasswd -m yescrypt`")
        }
        if section.value("role") == nil {
            section.refuse(
                at: "role", "role is missing", "use \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        section.finish()
        guard let hash, let role else { return nil }
        return User(name: name, passwordHash: hash, role: role, limits: limits)
    }
}

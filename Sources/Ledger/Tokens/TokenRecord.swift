package import HTTP

/// A token as the ledger keeps it: everything but the secret.
package struct TokenRecord: Sendable, Equatable {
    package let id: Int64
    package let name: String
    package let role: Role
    package let limits: PrincipalLimits
    package let createdMs: Int64
    package let createdBy: String
    /// Exact to a minute; nil if it was never used.
    package let lastUsedMs: Int64?
    /// Nil while it is in use.
    package let revokedMs: Int64?

    package static let nameBytesMax = 64

    /// 1 to 64 letters, digits and any of `-_.@`.
    static func isValidName(_ name: String) -> Bool {
        (1...nameBytesMax).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: "@"):
                    true
                default: false
                }
            }
    }
}

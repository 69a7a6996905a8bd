import CCrypt
import Glibc

/// The slow hash of a password in its usual text form, as it stands in a configuration file.
///
/// New ones are yescrypt (`$y$`, Debian's own for logins: 16 MB of memory and about 30 ms a guess), because OpenSSL 3.0
/// has no Argon2, and its scrypt has no text form, so that we would have to invent one. bcrypt is read too, since the
/// web configuration of Prometheus has it. Both come from libxcrypt, which links statically.
package struct PasswordHash: Sendable, Equatable {
    package let text: String

    /// bcrypt's work doubles with each step; 14 takes about a second.
    private static let bcryptCostMax = 14

    /// Takes `$y$`, `$2a$`, `$2b$` and `$2y$` hashes.
    package init(_ text: String) throws(PasswordHashError) {
        let bytes = Array(text.utf8)
        if text.hasPrefix("$y$") {
            let parts = text.split(separator: "$", omittingEmptySubsequences: false)
            guard parts.count == 5, parts[4].utf8.count == 43, text.utf8.count < Int(CRYPT_OUTPUT_SIZE) else {
                throw .malformed("yescrypt")
            }
        } else if ["$2a$", "$2b$", "$2y$"].contains(where: text.hasPrefix) {
            guard bytes.count == 60, bytes[6] == UInt8(ascii: "$"), let cost = Int(text.dropFirst(4).prefix(2)) else {
                throw .malformed("bcrypt")
            }
            guard cost <= Self.bcryptCostMax else { throw .tooCostly(cost) }
        } else {
            throw .unknownKind
        }
        guard unsafe crypt_checksalt(text) == CRYPT_SALT_OK else { throw .malformed("password") }
        self.text = text
    }

    /// Hashes a new password. Takes about 30 ms and 16 MB for the time of the call.
    package init(hashing password: String) {
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        let salt = SecureRandom.bytes(16).map { CChar(bitPattern: $0) }
        let made = unsafe crypt_gensalt_rn("$y$", 0, salt, Int32(salt.count), &setting, Int32(setting.count))
        precondition(unsafe made != nil, "BUG: libxcrypt makes no yescrypt setting")
        guard let hash = Self.compute(Array(password.utf8), setting: setting) else {
            preconditionFailure("BUG: libxcrypt does not hash with yescrypt")
        }
        text = hash
    }

    /// Whether this is the password. As slow as hashing, so for a thread that may be held up.
    package func matches(_ password: Span<UInt8>) -> Bool {
        let bytes = password.indices.map { password[$0] }
        guard let computed = Self.compute(bytes, setting: Array(text.utf8CString)) else { return false }
        return ConstantTime.equal(Array(computed.utf8).span, Array(text.utf8).span)
    }

    /// Nil for passwords that libxcrypt does not take: longer than 511 bytes, or with a zero in them.
    private static func compute(_ password: [UInt8], setting: [CChar]) -> String? {
        guard password.count < Int(CRYPT_MAX_PASSPHRASE_SIZE), !password.contains(0) else { return nil }
        let phrase = password.map { CChar(bitPattern: $0) } + [0]
        let size = MemoryLayout<crypt_data>.size
        return unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { data in
            unsafe memset(data.baseAddress!, 0, size)
            return unsafe crypt_rn(phrase, setting, data.baseAddress!, Int32(size)).map { unsafe String(cString: $0) }
        }
    }
}

/// Why a text is not a password hash that obs takes.
package enum PasswordHashError: Error, Equatable, CustomStringConvertible {
    case unknownKind
    case malformed(String)
    case tooCostly(Int)

    package var description: String {
        switch self {
        case .unknownKind:
            "is not a password hash that obs takes: make one with 'mkpasswd -m yescrypt' ($y$) or 'htpasswd -B' ($2y$)"
        case .malformed(let kind): "is not a whole \(kind) hash: characters are missing, added or wrong"
        case .tooCostly(let cost): "has a bcrypt cost of \(cost), which would take seconds a login; the limit is 14"
        }
    }
}

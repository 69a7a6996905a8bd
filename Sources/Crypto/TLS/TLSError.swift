import COpenSSL

/// Why TLS cannot be set up.
package struct TLSError: Error, Equatable, CustomStringConvertible {
    package let attempt: String
    package let reason: String

    /// Takes the reason from OpenSSL's queue of this thread, which is empty afterwards.
    init(_ attempt: String) {
        self.attempt = attempt
        reason = Self.takeReason()
    }

    init(_ attempt: String, _ reason: any Error) {
        self.attempt = attempt
        self.reason = "\(reason)"
    }

    init(_ attempt: String, reason: String) {
        (self.attempt, self.reason) = (attempt, reason)
    }

    package var description: String { "cannot \(attempt): \(reason)" }

    /// The first entry names the cause; those behind it only say through whom it passed.
    static func takeReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "OpenSSL gives no reason" }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            unsafe ERR_error_string_n(code, text.baseAddress!, text.count)
            return unsafe String(cString: text.baseAddress!)
        }
    }
}

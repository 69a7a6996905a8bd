import CCurl
package import Encoding
import Posix

/// A mail, handed to a mail server over SMTP by libcurl, on the calling thread.
package struct MailTransfer: Sendable {
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String
        /// It may go better later: the network, or a server that says so.
        package let isPassing: Bool
    }

    /// `host:port`
    package var server: String
    package var from: String
    package var to: [String]
    /// With its headers.
    package var message: [UInt8]
    /// The name that this side gives itself.
    package var hello = ""
    /// Refuses a server that does not speak TLS.
    package var requiresTLS = true
    /// TLS from the first byte on, as on port 465.
    package var beginsWithTLS = false
    /// Empty where nobody has to say who they are.
    package var user = ""
    package var identity = ""
    package var password: SecretSource?
    /// The ways to log in that may be used, such as `CRAM-MD5`; empty for any that the server offers.
    package var mechanisms: [String] = []
    package var tls = TLSClientOptions()
    package var timeoutNs: Int64 = 30_000_000_000

    package init(server: String, from: String, to: [String], message: [UInt8]) {
        self.server = server
        self.from = from
        self.to = to
        self.message = message
    }

    package func send() throws(Failure) {
        if let failure = unsafe ccurl_load() {
            throw Failure(
                description:
                    "libcurl cannot be loaded: \(unsafe String(cString: failure)); install the package libcurl4",
                isPassing: false)
        }
        do throws(ClientError) {
            let easy = try EasyHandle()
            let rest = Rest(message)
            try set(easy, rest)
            let code = unsafe ccurl_easy_perform(easy.raw)
            // libcurl reads from it until here.
            withExtendedLifetime(rest) {}
            if code != CURLE_OK { throw failure(code, easy) }
        } catch {
            throw Failure(description: error.sentence, isPassing: error.reason == .broken)
        }
    }

    private func set(_ easy: EasyHandle, _ rest: Rest) throws(ClientError) {
        let name = hello.isEmpty ? "" : "/" + hello
        easy.set(CURLOPT_URL, "\(beginsWithTLS ? "smtps" : "smtp")://\(server)\(name)")
        easy.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        easy.set(CURLOPT_PROXY, "")
        easy.set(CURLOPT_NOSIGNAL, true)
        easy.set(CURLOPT_TIMEOUT_MS, Int(max(1, timeoutNs / 1_000_000)))
        if requiresTLS, !beginsWithTLS { easy.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue)) }
        try TransferSettings(files: LocalFileSystem()).tls(tls, easy)
        if !user.isEmpty {
            easy.set(CURLOPT_USERNAME, user)
            if let password { easy.set(CURLOPT_PASSWORD, try SecretText.now(password)) }
            if !identity.isEmpty { easy.set(CURLOPT_SASL_AUTHZID, identity) }
            if !mechanisms.isEmpty {
                easy.set(CURLOPT_LOGIN_OPTIONS, mechanisms.map { "AUTH=\($0)" }.joined(separator: ";"))
            }
        }
        easy.set(CURLOPT_MAIL_FROM, "<\(from)>")
        easy.set(CURLOPT_MAIL_RCPT, lines: to.map { "<\($0)>" })
        easy.set(CURLOPT_UPLOAD, true)
        easy.set(large: CURLOPT_INFILESIZE_LARGE, message.count)
        easy.set(CURLOPT_READDATA, context: rest)
        unsafe easy.set(CURLOPT_READFUNCTION) { bytes, size, count, context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let rest = unsafe Unmanaged<Rest>.fromOpaque(context).takeUnretainedValue()
            return unsafe rest.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
    }

    /// Statuses that begin with 4 pass, those with 5 do not; without one it was the network.
    private func failure(_ code: CURLcode, _ easy: EasyHandle) -> ClientError {
        let status = easy.long(CURLINFO_RESPONSE_CODE)
        let reason = unsafe String(cString: ccurl_easy_reason(code))
        let said = status > 0 ? ", the server said \(status)" : ""
        let isPassing = code != CURLE_LOGIN_DENIED && (status / 100 != 5)
        return ClientError(
            isPassing ? .broken : .setup, "the mail server \(server) did not take the mail: \(reason)\(said)")
    }

    /// What libcurl has not read yet.
    private final class Rest {
        private let bytes: [UInt8]
        private var place = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            let count = min(buffer.count, bytes.count - place)
            unsafe bytes[place..<place + count].withUnsafeBytes { unsafe buffer.copyMemory(from: $0) }
            place += count
            return count
        }
    }
}

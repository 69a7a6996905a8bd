import COpenSSL
import Glibc

/// One certificate with everything that a handshake needs to know: an `SSL_CTX`. Immutable once made; sessions keep it
/// alive by OpenSSL's own count, so that a reload leaves live connections alone.
@safe
package final class TLSContext: @unchecked Sendable {  // it is not changed after its making, and counts atomically
    let pointer: OpaquePointer

    init(
        _ certificate: TLSOptions.Certificate, _ options: TLSOptions, _ ticketKeys: TicketKeys
    ) throws(TLSError) {
        ERR_clear_error()
        guard let pointer = unsafe SSL_CTX_new(TLS_server_method()) else { throw TLSError("make a TLS context") }
        unsafe self.pointer = pointer
        try setProtocol(options)
        try load(certificate)
        try setClientCertificates(options)
        setTickets(ticketKeys, try options.clientPolicy())
        setApplicationProtocol()
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    /// Whether the certificate is good for this host, wildcards included.
    func covers(_ host: UnsafePointer<CChar>) -> Bool {
        guard let leaf = unsafe SSL_CTX_get0_certificate(pointer) else { return false }
        return unsafe X509_check_host(leaf, host, 0, 0, nil) == 1
    }

    private func setProtocol(_ options: TLSOptions) throws(TLSError) {
        let curves = options.curves.map(\.nameInOpenSSL).joined(separator: ":")
        guard unsafe cssl_set_versions(pointer, options.minVersion.number, options.maxVersion.number) == 1,
            unsafe SSL_CTX_set_cipher_list(pointer, options.ciphers(of: .tls12)) == 1,
            unsafe SSL_CTX_set_ciphersuites(pointer, options.ciphers(of: .tls13)) == 1,
            unsafe cssl_set_groups(pointer, curves) == 1
        else { throw TLSError("set the TLS versions and ciphers") }
        unsafe cssl_set_modes(pointer)
        unsafe cssl_set_server_options(pointer, options.prefersOwnOrder ? 1 : 0)
        unsafe cssl_set_read_ahead(pointer)
    }

    private func load(_ certificate: TLSOptions.Certificate) throws(TLSError) {
        // An encrypted key would otherwise ask for its password on the terminal.
        unsafe SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in 0 }
        guard unsafe SSL_CTX_use_certificate_chain_file(pointer, certificate.chainFile) == 1 else {
            throw TLSError("load the certificate \(certificate.chainFile)")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(pointer, certificate.keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw TLSError("load the key \(certificate.keyFile) of the certificate \(certificate.chainFile)")
        }
        guard unsafe SSL_CTX_check_private_key(pointer) == 1 else {
            throw TLSError("use the key \(certificate.keyFile) with the certificate \(certificate.chainFile)")
        }
    }

    /// Sessions live in tickets alone: they cost the server no memory.
    ///
    /// - Parameter policy: what clients had to show; a ticket given under another one is of no use.
    private func setTickets(_ ticketKeys: TicketKeys, _ policy: [UInt8]) {
        unsafe cssl_keep_no_sessions(pointer)
        // The session gives one with its first answer.
        unsafe SSL_CTX_set_num_tickets(pointer, 0)
        unsafe policy.withUnsafeBufferPointer {
            _ = unsafe SSL_CTX_set_session_id_context(pointer, $0.baseAddress, UInt32($0.count))
        }
        unsafe Attachment.ticketKeys.set(ticketKeys, on: pointer)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer) { session, name, iv, cipher, mac, isSealing in
            guard let context = unsafe SSL_get_SSL_CTX(session), let name = unsafe name, let iv = unsafe iv,
                let cipher = unsafe cipher, let mac = unsafe mac,
                let keys = unsafe Attachment.ticketKeys.get(TicketKeys.self, on: context)
            else { return -1 }
            return unsafe keys.prepare(name: name, iv: iv, cipher, mac, isSealing: isSealing == 1)
        }
    }

    /// HTTP/1.1 is what is spoken. A client that only offers others is refused instead of misunderstood.
    private func setApplicationProtocol() {
        unsafe SSL_CTX_set_alpn_select_cb(
            pointer,
            { _, chosen, chosenLength, offered, offeredLength, _ in
                guard let chosen = unsafe chosen, let chosenLength = unsafe chosenLength, let offered = unsafe offered
                else { return SSL_TLSEXT_ERR_ALERT_FATAL }
                return unsafe chooseProtocol(chosen, chosenLength, offered, Int(offeredLength))
            }, nil)
    }
}

extension TLSContext {
    /// Has handshakes that name a host continue with the certificate that covers it, if this one does not.
    func setAlternatives(_ contexts: [TLSContext]) {
        unsafe Attachment.alternatives.set(Alternatives(contexts), on: pointer)
        unsafe cssl_set_name_callback(pointer) { session, _, _ in
            guard let session = unsafe session, let context = unsafe SSL_get_SSL_CTX(session),
                let host = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name),
                let alternatives = unsafe Attachment.alternatives.get(Alternatives.self, on: context)
            else { return SSL_TLSEXT_ERR_NOACK }
            for other in alternatives.contexts where unsafe other.covers(host) {
                unsafe SSL_set_SSL_CTX(session, other.pointer)
                break
            }
            return SSL_TLSEXT_ERR_OK
        }
    }

    private final class Alternatives: Sendable {
        let contexts: [TLSContext]

        init(_ contexts: [TLSContext]) {
            self.contexts = contexts
        }
    }
}

/// Objects of ours that hang on an `SSL_CTX` and die with it, which may be long after the `TLSContext`.
struct Attachment: Sendable {
    static let ticketKeys = Attachment()
    static let alternatives = Attachment()
    static let clientNames = Attachment()

    private let index: Int32

    private init() {
        index = unsafe CRYPTO_get_ex_new_index(
            CRYPTO_EX_INDEX_SSL_CTX, 0, nil, nil, nil,
            { _, attached, _, _, _, _ in
                if let attached = unsafe attached { unsafe Unmanaged<AnyObject>.fromOpaque(attached).release() }
            })
    }

    func set(_ object: AnyObject, on context: OpaquePointer) {
        unsafe SSL_CTX_set_ex_data(context, index, Unmanaged.passRetained(object).toOpaque())
    }

    func get<Object: AnyObject>(_ type: Object.Type, on context: OpaquePointer) -> Object? {
        guard let attached = unsafe SSL_CTX_get_ex_data(context, index) else { return nil }
        return unsafe Unmanaged<AnyObject>.fromOpaque(attached).takeUnretainedValue() as? Object
    }
}

/// Looks for `http/1.1` in the client's list of length-prefixed names.
private func chooseProtocol(
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>, _ chosenLength: UnsafeMutablePointer<UInt8>,
    _ offered: UnsafePointer<UInt8>, _ count: Int
) -> Int32 {
    let wanted: StaticString = "http/1.1"
    var place = 0
    while place < count {
        let length = unsafe Int(offered[place])
        if place + 1 + length > count { break }
        if length == wanted.utf8CodeUnitCount,
            unsafe memcmp(offered + place + 1, wanted.utf8Start, length) == 0
        {
            unsafe chosen.pointee = offered + place + 1
            unsafe chosenLength.pointee = UInt8(length)
            return SSL_TLSEXT_ERR_OK
        }
        place += 1 + length
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}

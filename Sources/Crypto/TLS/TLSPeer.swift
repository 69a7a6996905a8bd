import COpenSSL
import Glibc
package import Posix

/// A server as a handshake shows it, whether or not its certificate is good.
package struct TLSPeer: Sendable {
    /// Its own first, then those that vouch for it.
    package var certificates: [CertificateFacts] = []
    /// Why the certificate is not to be trusted; nil where it is.
    package var distrust: String?
    package var version = ""
    package var cipher = ""

    /// Shakes hands over a connected socket and looks at what the server shows.
    ///
    /// - Parameters:
    ///   - host: the name or address that the certificate has to be good for.
    ///   - authorities: a bundle of certificates in place of the system's.
    package static func meet(
        over socket: borrowing Socket, host: String, authorities: String? = nil, atMostNs limitNs: Int64,
        time: any TimeSource = SystemTime()
    ) throws(TLSError) -> TLSPeer {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { throw TLSError("make a TLS context") }
        defer { unsafe SSL_CTX_free(context) }
        if let authorities {
            guard unsafe SSL_CTX_load_verify_locations(context, authorities, nil) == 1 else {
                throw TLSError("load the certificates in \(authorities)")
            }
        } else {
            unsafe SSL_CTX_set_default_verify_paths(context)
        }
        guard let session = unsafe SSL_new(context) else { throw TLSError("begin a TLS session") }
        defer { unsafe SSL_free(session) }
        let isName = SocketAddress("\(host.contains(":") ? "[\(host)]" : host):0") == nil || host == "localhost"
        guard unsafe SSL_set_fd(session, socket.descriptor) == 1,
            unsafe cssl_expect_host(session, host, isName ? 1 : 0) == 1
        else { throw TLSError("begin a TLS session") }
        // What is wrong is told, and does not end the handshake.
        unsafe SSL_set_verify(session, SSL_VERIFY_NONE, nil)
        unsafe SSL_set_connect_state(session)
        let deadlineNs = time.monotonicNs + limitNs
        while true {
            let result = unsafe SSL_do_handshake(session)
            if result == 1 { break }
            let wish = unsafe SSL_get_error(session, result)
            let restMs = (deadlineNs - time.monotonicNs) / 1_000_000
            guard wish == SSL_ERROR_WANT_READ || wish == SSL_ERROR_WANT_WRITE else {
                throw TLSError("shake hands with \(host)")
            }
            guard restMs > 0, socket.wait(toWrite: wish == SSL_ERROR_WANT_WRITE, atMostMs: restMs) else {
                throw TLSError("shake hands with \(host)", reason: "no answer within \(limitNs / 1_000_000) ms")
            }
        }
        defer { ERR_clear_error() }
        var peer = TLSPeer()
        for place in unsafe 0..<max(0, cssl_chain_count(session)) {
            if let certificate = unsafe cssl_chain_certificate(session, place) {
                unsafe peer.certificates.append(CertificateFacts(certificate))
            }
        }
        peer.distrust = unsafe cssl_verify_reason(session).map { unsafe String(cString: $0) }
        peer.version = unsafe String(cString: SSL_get_version(session))
        peer.cipher = unsafe String(cString: cssl_cipher_name(session))
        return peer
    }
}

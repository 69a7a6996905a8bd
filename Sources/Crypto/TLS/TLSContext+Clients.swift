import COpenSSL
import Posix

/// Certificates of clients: whose are asked for, and which are taken.
extension TLSContext {
    func setClientCertificates(_ options: TLSOptions) throws(TLSError) {
        guard let file = options.clientCertificates.authoritiesFile else { return }
        guard unsafe SSL_CTX_load_verify_file(pointer, file) == 1, let names = unsafe SSL_load_client_CA_file(file)
        else { throw TLSError("load the authorities of client certificates \(file)") }
        unsafe SSL_CTX_set_client_CA_list(pointer, names)
        var mode = SSL_VERIFY_PEER
        if case .required = options.clientCertificates { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
        guard !options.clientNames.isEmpty else { return unsafe SSL_CTX_set_verify(pointer, mode, nil) }
        unsafe Attachment.clientNames.set(ClientNames(options.clientNames), on: pointer)
        unsafe SSL_CTX_set_verify(pointer, mode) { isTrusted, check in
            guard isTrusted == 1, let check = unsafe check, unsafe X509_STORE_CTX_get_error_depth(check) == 0 else {
                return isTrusted
            }
            if unsafe isNamed(check) { return 1 }
            unsafe X509_STORE_CTX_set_error(check, X509_V_ERR_HOSTNAME_MISMATCH)
            return 0
        }
    }
}

extension TLSOptions {
    /// What clients have to show, as bytes that differ where it does.
    func clientPolicy() throws(TLSError) -> [UInt8] {
        var text = Array("\(clientCertificates) \(clientNames)".utf8)
        if let file = clientCertificates.authoritiesFile {
            do throws(SystemError) {
                text += try LocalFileSystem().readFile(file, atMostBytes: 16 << 20)
            } catch {
                throw TLSError("load the authorities of client certificates \(file)", error)
            }
        }
        return HashAlgorithm.sha256.hash(text.span)
    }
}

private final class ClientNames: Sendable {
    let names: [String]

    init(_ names: [String]) {
        self.names = names
    }
}

/// Whether the client's own certificate, which is at hand in the check, carries one of the names.
private func isNamed(_ check: OpaquePointer) -> Bool {
    let place = SSL_get_ex_data_X509_STORE_CTX_idx()
    guard let session = unsafe X509_STORE_CTX_get_ex_data(check, place).map({ OpaquePointer($0) }),
        let context = unsafe SSL_get_SSL_CTX(session), let leaf = unsafe X509_STORE_CTX_get_current_cert(check),
        let allowed = unsafe Attachment.clientNames.get(ClientNames.self, on: context)
    else { return false }
    return allowed.names.contains { name in
        let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS)
        return unsafe X509_check_host(leaf, name, 0, flags, nil) == 1 || X509_check_email(leaf, name, 0, flags) == 1
            || X509_check_ip_asc(leaf, name, flags) == 1 || cssl_has_uri(leaf, name) == 1
    }
}

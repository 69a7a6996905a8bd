import COpenSSL

/// Signs with an RSA key (PKCS #1 v1.5), as the JWT algorithms RS256, RS384 and RS512 do.
package enum RSASignature {
    package enum Digest: String, Sendable { case sha256, sha384, sha512 }

    /// - Parameter privateKey: in PEM, PKCS #1 or PKCS #8, not encrypted.
    package static func sign(
        _ message: Span<UInt8>, privateKey: String, _ digest: Digest
    ) throws(SignatureError) -> [UInt8] {
        guard let key = unsafe readKey(privateKey) else {
            throw SignatureError(sentence: "the private key is not an unencrypted RSA key in PEM")
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { throw SignatureError(sentence: "out of memory") }
        defer { unsafe EVP_MD_CTX_free(context) }
        let algorithm = unsafe EVP_get_digestbyname(digest.rawValue)
        guard unsafe EVP_DigestSignInit(context, nil, algorithm, nil, key) == 1 else {
            throw SignatureError(sentence: "the private key cannot sign with \(digest.rawValue)")
        }
        var length = Int(unsafe EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: length)
        let isSigned = unsafe message.withUnsafeBufferPointer { message in
            unsafe signature.withUnsafeMutableBufferPointer { signature in
                unsafe EVP_DigestSign(context, signature.baseAddress, &length, message.baseAddress, message.count)
            }
        }
        guard isSigned == 1 else { throw SignatureError(sentence: "the private key cannot sign") }
        return Array(signature.prefix(length))
    }

    private static func readKey(_ pem: String) -> OpaquePointer? {
        var pem = pem
        return pem.withUTF8 { bytes in
            guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { unsafe BIO_free(memory) }
            // The callback keeps an encrypted key from asking on the terminal.
            let key = unsafe PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in 0 }, nil)
            ERR_clear_error()
            guard let key = unsafe key else { return nil }
            if unsafe EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA { return unsafe key }
            unsafe EVP_PKEY_free(key)
            return nil
        }
    }
}

package struct SignatureError: Error, Equatable, CustomStringConvertible {
    let sentence: String

    package var description: String { "cannot sign: \(sentence)" }
}

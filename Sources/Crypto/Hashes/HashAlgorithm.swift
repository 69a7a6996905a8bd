import COpenSSL

/// The hash functions that obs meets. MD5 and SHA-1 are for formats that name them (relabelling's hashmod, old
/// signatures), never for security.
package enum HashAlgorithm: Sendable, CaseIterable {
    case md5, sha1, sha256, sha512

    package var byteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }

    /// The hash of `bytes`.
    package func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: byteCount)
        let succeeded = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe EVP_Digest(input.baseAddress, input.count, &result, nil, Self.methods[self]!.method, nil)
        }
        precondition(succeeded == 1, "BUG: OpenSSL does not hash with \(self)")
        return result
    }

    /// The keyed hash of `bytes` (RFC 2104).
    package func authenticate(_ bytes: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: byteCount)
        let code = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe key.withUnsafeBufferPointer { key in
                // A null key would mean the key of the call before.
                var none: UInt8 = 0
                return unsafe withUnsafePointer(to: &none) { empty in
                    unsafe HMAC(
                        Self.methods[self]!.method, key.baseAddress ?? empty, Int32(key.count), input.baseAddress,
                        input.count, &result, nil)
                }
            }
        }
        precondition(unsafe code != nil, "BUG: OpenSSL does not authenticate with \(self)")
        return result
    }

    /// OpenSSL's implementation of one function, looked up once: by name each time it costs half a microsecond.
    @safe
    private struct Method: @unchecked Sendable {  // the implementation is immutable and lives as long as the process
        let method: OpaquePointer

        init(_ name: String) {
            guard let found = unsafe EVP_MD_fetch(nil, name, nil) else {
                preconditionFailure("BUG: OpenSSL has no \(name)")
            }
            unsafe method = found
        }
    }

    private static let methods: [HashAlgorithm: Method] = [
        .md5: Method("MD5"), .sha1: Method("SHA1"), .sha256: Method("SHA256"), .sha512: Method("SHA512"),
    ]
}

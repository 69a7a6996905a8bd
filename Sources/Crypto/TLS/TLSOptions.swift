import COpenSSL

/// How a server presents itself over TLS and whom it lets in.
package struct TLSOptions: Sendable, Equatable {
    /// The PEM files of one certificate: the chain, leaf first, and the key of the leaf.
    package struct Certificate: Sendable, Equatable {
        package var chainFile: String
        package var keyFile: String

        package init(chainFile: String, keyFile: String) {
            self.chainFile = chainFile
            self.keyFile = keyFile
        }
    }

    package enum ClientCertificates: Sendable, Equatable {
        case notAsked
        /// Asked for, checked where one is given.
        case optional(authoritiesFile: String)
        /// Without a valid one the handshake fails.
        case required(authoritiesFile: String)

        var authoritiesFile: String? {
            switch self {
            case .notAsked: nil
            case .optional(let file), .required(let file): file
            }
        }
    }

    package enum Version: String, CaseIterable, Comparable, Sendable {
        case tls12 = "TLS12"
        case tls13 = "TLS13"

        var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }

        package static func < (left: Version, right: Version) -> Bool { left == .tls12 && right == .tls13 }
    }

    /// What is offered, best first, by the names of the IANA: forward secrecy and authenticated encryption only. AES-128 is
    /// before AES-256 because it costs a third less.
    package enum CipherSuite: String, CaseIterable, Sendable {
        case aes128 = "TLS_AES_128_GCM_SHA256"
        case aes256 = "TLS_AES_256_GCM_SHA384"
        case chacha20 = "TLS_CHACHA20_POLY1305_SHA256"
        case ecdsaAES128 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        case rsaAES128 = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        case ecdsaAES256 = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        case rsaAES256 = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
        case ecdsaChaCha20 = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        case rsaChaCha20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"

        var version: Version {
            switch self {
            case .aes128, .aes256, .chacha20: .tls13
            default: .tls12
            }
        }

        /// Those of TLS 1.2 have older names there.
        var nameInOpenSSL: String {
            switch self {
            case .aes128, .aes256, .chacha20: rawValue
            case .ecdsaAES128: "ECDHE-ECDSA-AES128-GCM-SHA256"
            case .rsaAES128: "ECDHE-RSA-AES128-GCM-SHA256"
            case .ecdsaAES256: "ECDHE-ECDSA-AES256-GCM-SHA384"
            case .rsaAES256: "ECDHE-RSA-AES256-GCM-SHA384"
            case .ecdsaChaCha20: "ECDHE-ECDSA-CHACHA20-POLY1305"
            case .rsaChaCha20: "ECDHE-RSA-CHACHA20-POLY1305"
            }
        }
    }

    /// For the agreement on a key, best first, by Go's names.
    package enum Curve: String, CaseIterable, Sendable {
        case x25519 = "X25519"
        case p256 = "CurveP256"
        case p384 = "CurveP384"

        var nameInOpenSSL: String {
            switch self {
            case .x25519: "X25519"
            case .p256: "P-256"
            case .p384: "P-384"
            }
        }
    }

    /// The first is shown to clients that name no host, or one that no certificate covers.
    package var certificates: [Certificate]
    package var clientCertificates = ClientCertificates.notAsked
    /// A client's certificate must carry one of these as a subject alternative name: a host, an address, a mail address or
    /// a URI. Empty takes every certificate that its authority vouches for.
    package var clientNames: [String] = []
    package var minVersion = Version.tls12
    package var maxVersion = Version.tls13
    /// All of a version where the list names none of it.
    package var cipherSuites = CipherSuite.allCases
    package var curves = Curve.allCases
    /// Whose order of the suites counts.
    package var prefersOwnOrder = true

    package init(certificates: [Certificate]) {
        precondition(!certificates.isEmpty, "BUG: TLS without a certificate")
        self.certificates = certificates
    }

    /// OpenSSL's list of the suites of one version.
    func ciphers(of version: Version) -> String {
        let named = cipherSuites.filter { $0.version == version }
        let suites = named.isEmpty ? CipherSuite.allCases.filter { $0.version == version } : named
        return suites.map(\.nameInOpenSSL).joined(separator: ":")
    }
}

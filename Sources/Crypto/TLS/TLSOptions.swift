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

    package enum Version: Sendable, Equatable {
        case tls12
        case tls13
    }

    /// The first is shown to clients that name no host, or one that no certificate covers.
    package var certificates: [Certificate]
    package var clientCertificates = ClientCertificates.notAsked
    package var minVersion = Version.tls12

    package init(certificates: [Certificate]) {
        precondition(!certificates.isEmpty, "BUG: TLS without a certificate")
        self.certificates = certificates
    }
}

package import Encoding

/// `tls_config`: how a client proves itself and whom it believes.
package struct TLSClientOptions: Hashable, Sendable {
    package enum Version: String, Sendable, CaseIterable, Comparable {
        case tls10 = "TLS10"
        case tls11 = "TLS11"
        case tls12 = "TLS12"
        case tls13 = "TLS13"

        package static func < (a: Version, b: Version) -> Bool { a.rawValue < b.rawValue }
    }

    /// Certificates that are believed, in PEM; nil for those of the system.
    package var authority: SecretSource?
    /// Certificate and key of the client, in PEM; both or none.
    package var certificate: SecretSource?
    package var key: SecretSource?
    /// The name that the server's certificate has to have, where it is not the host.
    package var serverName: String?
    package var skipsVerification = false
    package var versionMin: Version?
    package var versionMax: Version?

    package init() {}
}

extension TLSClientOptions {
    /// Decodes the section under `key`; the defaults where there is none.
    package static func read(_ parent: YAMLSection, _ key: String = "tls_config") -> TLSClientOptions {
        parent.section(key).map(TLSClientOptions.init) ?? TLSClientOptions()
    }

    private init(_ section: YAMLSection) {
        authority = section.secret("ca", file: "ca_file")
        certificate = section.secret("cert", file: "cert_file")
        key = section.secret("key", file: "key_file")
        section.refuseReferences(["ca_ref", "cert_ref", "key_ref"])
        serverName = section.string("server_name")
        skipsVerification = section.bool("insecure_skip_verify") ?? false
        versionMin = Self.version(section, "min_version")
        versionMax = Self.version(section, "max_version")
        if let versionMin, let versionMax, versionMin > versionMax {
            section.refuse(at: "max_version", "max_version is below min_version")
        }
        if certificate != nil, key == nil {
            section.refuse("exactly one of key or key_file must be configured when a client certificate is configured")
        }
        if key != nil, certificate == nil {
            section.refuse("exactly one of cert or cert_file must be configured when a client key is configured")
        }
        section.finish()
    }

    private static func version(_ section: YAMLSection, _ key: String) -> Version? {
        section.choice(key, Version.allCases.map(\.rawValue)).flatMap(Version.init(rawValue:))
    }
}

extension YAMLSection {
    /// Refuses settings that name an entry of a secret manager: there is none.
    func refuseReferences(_ keys: [String]) {
        for key in keys where string(key) != nil {
            let file = key.replacingSuffix("_ref", with: "_file")
            refuse(at: key, "\(key) needs a secret manager, and obs has none", "use \(file)")
        }
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}

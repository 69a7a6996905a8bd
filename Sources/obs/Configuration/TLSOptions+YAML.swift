import Crypto
import Encoding

/// `tls`: with which certificates the server answers, and whether clients need one.
extension TLSOptions {
    /// Nil where an error was reported.
    init?(_ section: YAMLSection) {
        var certificates: [Certificate] = []
        if section.contains("cert_file") || section.contains("key_file") {
            Self.certificate(section).map { certificates.append($0) }
        }
        for entry in section.sections("certificates", "certificate") {
            Self.certificate(entry).map { certificates.append($0) }
            entry.finish()
        }
        let authorities = section.path("client_ca_file")
        let demand = section.choice("client_certificates", ["optional", "required"])
        let version = section.choice("min_version", ["TLS12", "TLS13"])
        if demand != nil, authorities == nil {
            section.refuse(at: "client_certificates", "client_certificates needs client_ca_file")
        }
        if certificates.isEmpty {
            section.refuse("tls has no certificate", "name cert_file and key_file")
        }
        section.finish()
        guard !certificates.isEmpty else { return nil }
        self.init(certificates: certificates)
        minVersion = version == "TLS13" ? .tls13 : .tls12
        if let authorities {
            clientCertificates =
                demand == "optional" ? .optional(authoritiesFile: authorities) : .required(authoritiesFile: authorities)
        }
    }

    private static func certificate(_ section: YAMLSection) -> Certificate? {
        let chain = section.path("cert_file")
        let key = section.path("key_file")
        guard let chain, let key else {
            section.refuse(at: chain == nil ? "cert_file" : "key_file", "cert_file and key_file belong together")
            return nil
        }
        return Certificate(chainFile: chain, keyFile: key)
    }
}

package import Encoding

/// `tls`: with which certificates the server answers, and whether clients need one. The keys are those of
/// `tls_server_config` in Prometheus' web configuration; `certificates` has more than one for servers with several names.
extension TLSOptions {
    /// Nil where an error was reported.
    package init?(_ section: YAMLSection) {
        var certificates: [Certificate] = []
        if section.contains("cert_file") || section.contains("key_file") {
            Self.certificate(section).map { certificates.append($0) }
        }
        for entry in section.sections("certificates", "certificate") {
            Self.certificate(entry).map { certificates.append($0) }
            entry.finish()
        }
        let clients = Self.clientCertificates(section)
        let names = section.strings("client_allowed_sans") ?? []
        if clients == .notAsked, !names.isEmpty {
            section.refuse(at: "client_allowed_sans", "client_allowed_sans needs client_ca_file")
        }
        let minVersion = Self.version(section, "min_version") ?? .tls12
        let maxVersion = Self.version(section, "max_version") ?? .tls13
        if maxVersion < minVersion { section.refuse(at: "max_version", "max_version is below min_version") }
        let suites = Self.words(section, "cipher_suites", CipherSuite.self)
        let curves = Self.words(section, "curve_preferences", Curve.self)
        let prefersOwnOrder = section.bool("prefer_server_cipher_suites") ?? true
        if certificates.isEmpty {
            section.refuse("tls has no certificate", "name cert_file and key_file")
        }
        section.finish()
        guard !certificates.isEmpty else { return nil }
        self.init(certificates: certificates)
        (self.minVersion, self.maxVersion, self.prefersOwnOrder) = (minVersion, maxVersion, prefersOwnOrder)
        (clientCertificates, clientNames) = (clients, names)
        if !suites.isEmpty { cipherSuites = suites }
        if !curves.isEmpty { self.curves = curves }
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

    private static func clientCertificates(_ section: YAMLSection) -> ClientCertificates {
        let authorities = section.path("client_ca_file")
        let unchecked = ["RequestClientCert", "RequireAnyClientCert"]
        let checked = ["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
        let demand = section.choice("client_auth_type", checked + unchecked)
        if let demand, unchecked.contains(demand) {
            section.refuse(
                at: "client_auth_type", "\(demand) would take certificates that nobody vouches for",
                "use VerifyClientCertIfGiven or RequireAndVerifyClientCert")
        }
        if demand == "NoClientCert" { return .notAsked }
        guard let authorities else {
            if demand != nil { section.refuse(at: "client_auth_type", "client_auth_type needs client_ca_file") }
            return .notAsked
        }
        return demand == "VerifyClientCertIfGiven"
            ? .optional(authoritiesFile: authorities) : .required(authoritiesFile: authorities)
    }

    private static func version(_ section: YAMLSection, _ key: String) -> Version? {
        guard let text = section.string(key) else { return nil }
        if ["TLS10", "TLS11"].contains(text) {
            section.refuse(at: key, "\(text) is broken and obs does not speak it", "use TLS12 or TLS13")
            return nil
        }
        return section.choice(key, Version.allCases.map(\.rawValue)).flatMap(Version.init(rawValue:))
    }

    private static func words<Word: RawRepresentable<String> & CaseIterable>(
        _ section: YAMLSection, _ key: String, _ type: Word.Type
    ) -> [Word] {
        (section.strings(key) ?? []).compactMap { text in
            if let word = Word(rawValue: text) { return word }
            section.refuse(
                at: key, "\(key) names \(Quoted.text(text)), which is unknown or not safe",
                "use \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
    }
}

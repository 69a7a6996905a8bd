package import Encoding

/// The ways in which Prometheus proves itself to clouds (`sigv4`, `azuread`, `google_iam`) and obs does not. They are
/// checked by their keys, and a notice names what to use instead.
package enum CloudCredentials {
    /// Reads the keys of a section that has other keys as well. `client` has been read from the same section.
    package static func read(_ section: YAMLSection, _ client: HTTPClientOptions, kinds: [String]) {
        let used = kinds.filter { kind in
            guard let credentials = section.section(kind) else {
                return section.contains(kind) && !section.isNull(kind)
            }
            readKeys(credentials, kind)
            return true
        }
        guard let first = used.first else { return }
        if used.count > 1 || client.credentials != .none {
            section.refuse(
                at: first,
                "at most one of basic_auth, authorization, oauth2, \(kinds.joined(separator: ", ")) must be configured")
        }
        section.reader.notice(
            section.place(of: first),
            "obs does not prove itself with \(first), requests are sent without: use basic_auth, authorization or oauth2, "
                + "or a proxy that signs")
    }

    private static func readKeys(_ section: YAMLSection, _ kind: String) {
        switch kind {
        case "sigv4":
            for key in ["region", "access_key", "secret_key", "profile", "role_arn", "external_id", "service_name"] {
                _ = section.string(key)
            }
            _ = section.bool("use_fips_sts_endpoint")
            if (section.value("access_key") == nil) != (section.value("secret_key") == nil) {
                section.refuse("must provide a AWS SigV4 Access key and Secret Key if credentials are specified")
            }
        case "google_iam": _ = section.path("credentials_file")
        default: readAzure(section)
        }
        section.finish()
    }

    private static func readAzure(_ section: YAMLSection) {
        _ = section.string("cloud")
        _ = section.string("scope")
        let ways = ["managed_identity", "workload_identity", "oauth", "sdk", "certificate"].compactMap {
            section.section($0)
        }
        for way in ways {
            for key in [
                "client_id", "client_secret", "tenant_id", "token_file_path", "certificate_path",
                "certificate_key_path",
                "certificate_password",
            ] { _ = way.string(key) }
            _ = way.bool("send_certificate_chain")
            way.finish()
        }
        if ways.count != 1 {
            section.refuse(
                ways.isEmpty
                    ? "must provide an Azure Managed Identity, Azure Workload Identity, Azure OAuth, Azure Certificate or Azure SDK in the Azure AD config"
                    : "cannot provide multiple authentication methods in the Azure AD config")
        }
    }
}

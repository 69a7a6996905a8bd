package import Encoding

/// `oauth2`: a token is fetched from `tokenURL` and sent with each request.
package struct OAuth2Options: Hashable, Sendable {
    package enum Grant: Hashable, Sendable {
        case clientCredentials(secret: SecretSource?)
        /// RFC 7523: a JWT signed with a key of the client.
        case signedToken(SignedToken)
    }

    package struct SignedToken: Hashable, Sendable {
        package let key: SecretSource?
        package let keyID: String
        /// RS256, RS384 or RS512.
        package let algorithm: String
        /// The client's id where empty.
        package let issuer: String
        /// The token URL where empty.
        package let audience: String
        package let claims: [String: String]
    }

    package let clientID: String
    package let grant: Grant
    package let scopes: [String]
    package let tokenURL: String
    package let endpointParameters: [String: String]
    package let tls: TLSClientOptions
    package let proxy: ProxyOptions
}

extension OAuth2Options {
    init(_ section: YAMLSection) {
        clientID = section.string("client_id") ?? ""
        tokenURL = section.string("token_url") ?? ""
        scopes = section.strings("scopes") ?? []
        endpointParameters = section.texts("endpoint_params")
        tls = TLSClientOptions.read(section)
        proxy = ProxyOptions(section)
        grant = Self.grant(section)
        if clientID.isEmpty { section.refuse(at: "client_id", "oauth2 client_id must be configured") }
        if tokenURL.isEmpty { section.refuse(at: "token_url", "oauth2 token_url must be configured") }
        section.finish()
    }

    private static let signedTokenGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

    private static func grant(_ section: YAMLSection) -> Grant {
        let type = section.choice("grant_type", ["", "client_credentials", signedTokenGrant]) ?? ""
        let secret = section.secret("client_secret", file: "client_secret_file")
        let token = SignedToken(
            key: section.secret("client_certificate_key", file: "client_certificate_key_file"),
            keyID: section.string("client_certificate_key_id") ?? "",
            algorithm: section.choice("signature_algorithm", ["RS256", "RS384", "RS512"]) ?? "RS256",
            issuer: section.string("iss") ?? "", audience: section.string("audience") ?? "",
            claims: section.texts("claims"))
        section.refuseReferences(["client_secret_ref", "client_certificate_key_ref"])
        return type == signedTokenGrant ? .signedToken(token) : .clientCredentials(secret: secret)
    }
}

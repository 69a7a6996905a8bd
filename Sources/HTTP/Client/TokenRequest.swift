import Crypto
import Encoding
import Posix

/// How a token is asked for (RFC 6749, 4.4) and what the answer says.
struct TokenRequest {
    struct Token: Sendable {
        let authorization: String
        let lifetimeSeconds: Int?
    }

    private let options: OAuth2Options
    private let time: any TimeSource

    init(_ options: OAuth2Options, time: any TimeSource) {
        self.options = options
        self.time = time
    }

    func clientRequest(_ settings: TransferSettings) throws(ClientError) -> ClientRequest {
        var form: [(String, String)] = options.endpointParameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        if !options.scopes.isEmpty { form.append(("scope", options.scopes.joined(separator: " "))) }
        var request = ClientRequest(.post, options.tokenURL)
        switch options.grant {
        case .clientCredentials(let secret):
            form.append(("grant_type", "client_credentials"))
            request.options.credentials = .basic(user: .text(Secret(options.clientID)), password: secret)
        case .signedToken(let token):
            form.append(("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"))
            form.append(("assertion", try assertion(token, settings)))
        }
        request.options.tls = options.tls
        request.options.proxy = options.proxy
        request.fields = [("Content-Type", "application/x-www-form-urlencoded")]
        let pairs = form.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }
        request.body = Array(pairs.joined(separator: "&").utf8)
        return request
    }

    private static let assertionLifetimeSeconds = 3600

    /// A JWT that says who asks, signed with the client's key (RFC 7523).
    private func assertion(
        _ token: OAuth2Options.SignedToken, _ settings: TransferSettings
    ) throws(ClientError) -> String {
        guard let key = token.key else {
            throw ClientError(.setup, "oauth2 with a signed token needs client_certificate_key")
        }
        var header = JSONWriter()
        header.beginObject()
        header.member("alg", token.algorithm)
        if !token.keyID.isEmpty { header.member("kid", token.keyID) }
        header.member("typ", "JWT")
        header.endObject()
        let text = Base64.url.string(header.bytes.span) + "." + Base64.url.string(claims(token).span)
        let privateKey = try settings.text(key)
        do throws(SignatureError) {
            let digest: RSASignature.Digest =
                switch token.algorithm {
                case "RS384": .sha384
                case "RS512": .sha512
                default: .sha256
                }
            let signature = try RSASignature.sign(Array(text.utf8).span, privateKey: privateKey, digest)
            return text + "." + Base64.url.string(signature.span)
        } catch {
            throw ClientError(.setup, "oauth2: \(error)")
        }
    }

    private func claims(_ token: OAuth2Options.SignedToken) -> [UInt8] {
        let nowSeconds = Int(time.wallNs / 1_000_000_000)
        var claims = JSONWriter()
        claims.beginObject()
        claims.member("iss", token.issuer.isEmpty ? options.clientID : token.issuer)
        claims.member("sub", options.clientID)
        claims.member("aud", token.audience.isEmpty ? options.tokenURL : token.audience)
        claims.member("iat", nowSeconds)
        claims.member("exp", nowSeconds + Self.assertionLifetimeSeconds)
        if !options.scopes.isEmpty { claims.member("scope", options.scopes.joined(separator: " ")) }
        for claim in token.claims.sorted(by: { $0.key < $1.key }) { claims.member(claim.key, claim.value) }
        claims.endObject()
        return claims.bytes
    }

    func token(in response: ClientResponse) -> Result<Token, ClientError> {
        guard response.status == .ok else {
            return .failure(
                ClientError(.setup, "the token URL \(options.tokenURL) answers with \(response.status.rawValue)"))
        }
        do throws(JSONError) {
            let answer = try JSONValue.parse(response.body.span)
            guard let token = answer["access_token"]?.text, !token.isEmpty else {
                return .failure(ClientError(.setup, "the answer of \(options.tokenURL) has no access_token"))
            }
            let type = answer["token_type"]?.text ?? ""
            let word = type.isEmpty || type.lowercased() == "bearer" ? "Bearer" : type
            return .success(Token(authorization: "\(word) \(token)", lifetimeSeconds: answer["expires_in"]?.int))
        } catch {
            return .failure(ClientError(.setup, "the answer of \(options.tokenURL) is \(error)"))
        }
    }
}

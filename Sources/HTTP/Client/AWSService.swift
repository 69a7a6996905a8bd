package import Crypto
package import Encoding
package import Posix

/// A service of AWS that is asked by signed forms and answers by XML: EC2, STS, SNS.
package struct AWSService: Sendable {
    private static let answerBytesMax = 64 << 20

    private let client: HTTPClient
    private let options: HTTPClientOptions
    private let time: any TimeSource

    package init(client: HTTPClient, options: HTTPClientOptions, time: any TimeSource) {
        self.client = client
        self.options = options
        self.time = time
    }

    /// The domain that the services of a region are below.
    package static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }

    /// A form as a request with its signature.
    package func request(
        _ form: [(String, String)], _ url: String, _ signer: SigV4
    ) throws(AWSCredentials.Failure) -> ClientRequest {
        let text = form.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        let whole = url.contains("://") ? url : "https://\(url)"
        guard let place = try? URL(whole) else {  // the reason is that it is none
            throw .init(description: "\(Quoted.text(url)) is not a URL")
        }
        let path = place.target.isEmpty ? "/" : place.target
        var signed = SigV4.Request(method: "POST", host: place.authority, path: path)
        let type = "application/x-www-form-urlencoded; charset=utf-8"
        signed.fields = [("Content-Type", type)]
        var request = ClientRequest(.post, "\(place.scheme)://\(place.authority)\(path)")
        request.options = options
        request.body = Array(text.utf8)
        request.fields =
            [("Content-Type", type)] + signer.fields(for: signed, body: request.body.span, atMs: time.wallMs)
        request.answerBytesMax = Self.answerBytesMax
        return request
    }

    package func ask(
        _ action: String, _ version: String, _ parameters: [(String, String)], _ url: String, _ signer: SigV4
    ) throws(AWSCredentials.Failure) -> XMLElement {
        var request = try request([("Action", action), ("Version", version)] + parameters, url, signer)
        // AWS answers 503 to whom it wants to wait.
        request.retries = RetryPolicy(attemptsMax: 5, backoffMinNs: 500_000_000, backoffMaxNs: 8_000_000_000)
        let response: ClientResponse
        do throws(ClientError) {
            response = try client.answer(to: request)
        } catch {
            throw .init(description: "\(error)")
        }
        let body = response.body
        let answer = try? XMLElement.parse(body.span)  // told below
        if response.status == .ok, let answer { return answer }
        let error = answer?["Errors"]?["Error"] ?? answer?["Error"]
        let reason = error.map { "\($0.text(of: "Code") ?? ""): \($0.text(of: "Message") ?? "")" } ?? "no XML"
        throw .init(description: "\(action) is answered by \(response.status.rawValue), \(reason)")
    }

    // MARK: keys

    /// Whose keys are wanted.
    package struct Identity: Hashable, Sendable {
        package var accessKey: String?
        package var secretKey: Secret?
        package var profile: String
        /// The role whose keys are asked for with the others; empty for none.
        package var roleARN: String
        package var externalID: String
        /// How the session of the role is called in AWS' logs.
        package var session: String
        /// The address of the service that gives the keys of roles is one that meets FIPS 140.
        package var usesFIPS = false

        package init(
            accessKey: String?, secretKey: Secret?, profile: String, roleARN: String, externalID: String,
            session: String
        ) {
            self.accessKey = accessKey
            self.secretKey = secretKey
            self.profile = profile
            self.roleARN = roleARN
            self.externalID = externalID
            self.session = session
        }
    }

    /// Keys found where AWS' programs look for them, or those of the role that they may take.
    package func credentials(
        of identity: Identity, region: String, _ source: AWSCredentials
    ) throws(AWSCredentials.Failure) -> AWSCredentials.Found {
        let own = try source.find(
            accessKey: identity.accessKey, secretKey: identity.secretKey, profile: identity.profile)
        if identity.roleARN.isEmpty { return own }
        var parameters = [("RoleArn", identity.roleARN), ("RoleSessionName", identity.session)]
        if !identity.externalID.isEmpty { parameters.append(("ExternalId", identity.externalID)) }
        let host = identity.usesFIPS ? "sts-fips" : "sts"
        let url = source.environment("AWS_ENDPOINT_URL_STS") ?? "https://\(host).\(region).\(Self.domain(of: region))"
        let signer = SigV4(own.credentials, region: region, service: "sts")
        let answer = try ask("AssumeRole", "2011-06-15", parameters, url, signer)
        guard let keys = answer["AssumeRoleResult"]?["Credentials"], let key = keys.text(of: "AccessKeyId"),
            let secret = keys.text(of: "SecretAccessKey")
        else { throw .init(description: "the role \(Quoted.text(identity.roleARN)) gives no keys") }
        return AWSCredentials.Found(
            credentials: .init(accessKey: key, secretKey: secret, sessionToken: keys.text(of: "SessionToken")),
            endMs: keys.text(of: "Expiration").flatMap { RFC3339.ms($0) })
    }
}

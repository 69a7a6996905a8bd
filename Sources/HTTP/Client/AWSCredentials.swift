package import Crypto
package import Encoding
import Glibc
package import Posix

/// Where AWS' programs find their keys and their region: the configuration, the environment, the file of profiles, the
/// service of metadata on an EC2 instance; the first that has them.
package struct AWSCredentials: Sendable {
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// With when they end, by the wall clock; nil for those that do not.
    package struct Found: Sendable {
        package let credentials: SigV4.Credentials
        package let endMs: Int64?

        /// Keys that end within a minute are not used any more.
        package func isGood(atMs wallMs: Int64) -> Bool { endMs.map { wallMs < $0 - 60_000 } ?? true }
    }

    private static let metadataAddress = "http://169.254.169.254"
    private static let fileBytesMax = 1 << 20
    private static let metadataTimeoutNs: Int64 = 2_000_000_000

    /// Variables of the environment; tests give their own.
    let environment: @Sendable (String) -> String?
    private let client: HTTPClient
    private let files: any FileSystem

    package init(
        client: HTTPClient, files: any FileSystem,
        environment: @escaping @Sendable (String) -> String? = Self.ofProcess
    ) {
        self.client = client
        self.files = files
        self.environment = environment
    }

    package static let ofProcess: @Sendable (String) -> String? = { name in
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    package func find(accessKey: String?, secretKey: Secret?, profile: String) throws(Failure) -> Found {
        if let accessKey, let secretKey {
            return Found(credentials: .init(accessKey: accessKey, secretKey: secretKey.text), endMs: nil)
        }
        if profile.isEmpty, let key = environment("AWS_ACCESS_KEY_ID"),
            let secret = environment("AWS_SECRET_ACCESS_KEY")
        {
            let token = environment("AWS_SESSION_TOKEN")
            return Found(credentials: .init(accessKey: key, secretKey: secret, sessionToken: token), endMs: nil)
        }
        if let found = try ofProfile(profile) { return Found(credentials: found, endMs: nil) }
        return try ofInstance()
    }

    // MARK: the file

    private func ofProfile(_ profile: String) throws(Failure) -> SigV4.Credentials? {
        let name = profile.isEmpty ? environment("AWS_PROFILE") ?? "default" : profile
        let path =
            environment("AWS_SHARED_CREDENTIALS_FILE") ?? FilePath.join(environment("HOME") ?? "/", ".aws/credentials")
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try files.readFile(path, atMostBytes: Self.fileBytesMax)
        } catch {
            if error.isMissing, profile.isEmpty { return nil }
            throw Failure(description: "cannot read the profiles of AWS: \(error)")
        }
        let values = Self.values(of: name, in: String(decoding: bytes, as: UTF8.self))
        if let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] {
            return .init(accessKey: key, secretKey: secret, sessionToken: values["aws_session_token"])
        }
        if profile.isEmpty { return nil }
        throw Failure(description: "\(path) has no keys for the profile \(Quoted.text(profile))")
    }

    /// The settings of one section of an INI file.
    private static func values(of section: String, in text: String) -> [String: String] {
        var values: [String: String] = [:]
        var isWanted = false
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: "=", maxSplits: 1).map { $0.trimmed }
            if line.hasPrefix("[") {
                isWanted = line.trimmed == "[\(section)]"
            } else if isWanted, words.count == 2 {
                values[words[0].lowercased()] = words[1]
            }
        }
        return values
    }

    // MARK: the instance

    /// A token is asked for first, so that a request that somebody else forges gets nothing.
    private func metadata(_ path: String) throws(Failure) -> String {
        let base = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? Self.metadataAddress
        var token = ClientRequest(.put, base + "/latest/api/token")
        token.fields = [("X-aws-ec2-metadata-token-ttl-seconds", "300")]
        var request = ClientRequest(.get, base + path)
        if let text = try answer(token) { request.fields = [("X-aws-ec2-metadata-token", text)] }
        guard let text = try answer(request) else {
            throw Failure(description: "the service of metadata of this instance has nothing at \(path)")
        }
        return text
    }

    private func answer(_ request: ClientRequest) throws(Failure) -> String? {
        var request = request
        request.timeoutNs = Self.metadataTimeoutNs
        request.retries = RetryPolicy(attemptsMax: 2)
        do throws(ClientError) {
            let response = try client.answer(to: request)
            return response.status == .ok ? String(decoding: response.body, as: UTF8.self).trimmed : nil
        } catch {
            throw Failure(
                description:
                    "no keys of AWS in the configuration, the environment or a profile, and no instance to ask: \(error)"
            )
        }
    }

    private func ofInstance() throws(Failure) -> Found {
        let path = "/latest/meta-data/iam/security-credentials/"
        let role = try metadata(path)
        let name = role.split(whereSeparator: \.isNewline).first.map(String.init) ?? role
        let answer = Array(try metadata(path + name).utf8)
        guard let keys = try? JSONValue.parse(answer.span),  // what is no JSON has no keys either
            let key = keys["AccessKeyId"]?.text, let secret = keys["SecretAccessKey"]?.text
        else { throw Failure(description: "the role \(Quoted.text(name)) of this instance has no keys") }
        let end = keys["Expiration"]?.text.flatMap { RFC3339.ms($0) }
        return Found(
            credentials: .init(accessKey: key, secretKey: secret, sessionToken: keys["Token"]?.text), endMs: end)
    }

    /// The configured one, or that of the environment, or that of the instance.
    package func region(_ configured: String) throws(Failure) -> String {
        if !configured.isEmpty { return configured }
        if let region = environment("AWS_REGION") ?? environment("AWS_DEFAULT_REGION") { return region }
        return try metadata("/latest/meta-data/placement/region")
    }
}

extension StringProtocol {
    /// Without the blanks around it.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}

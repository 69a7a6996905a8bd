import Encoding

/// AWS' signature of requests, version 4: of the method, the path, the query, some headers and the hash of the body.
package struct SigV4: Sendable {
    package struct Credentials: Hashable, Sendable {
        package let accessKey: String
        package let secretKey: String
        /// Of credentials that a role gave for a while.
        package let sessionToken: String?

        package init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
            self.accessKey = accessKey
            self.secretKey = secretKey
            self.sessionToken = sessionToken
        }
    }

    /// What is signed. The host is that of the URL, with its port where it is written there.
    package struct Request: Sendable {
        package var method: String
        package var host: String
        /// Percent-encoded, as it is sent.
        package var path: String
        /// Percent-encoded, without the question mark.
        package var query: String
        /// Those to be signed beside the host and AWS' own.
        package var fields: [(name: String, value: String)] = []

        package init(method: String, host: String, path: String, query: String = "") {
            self.method = method
            self.host = host
            self.path = path
            self.query = query
        }
    }

    private static let algorithm = "AWS4-HMAC-SHA256"

    private let credentials: Credentials
    private let region: String
    private let service: String

    /// - Parameter service: `ec2`, `aps`, `s3`, `sts`.
    package init(_ credentials: Credentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The headers that a request needs: the time, the token and the signature, and for S3 the hash of the body.
    package func fields(
        for request: Request, body: Span<UInt8>, atMs wallMs: Int64
    ) -> [(name: String, value: String)] {
        let now = CivilTime(ms: wallMs)
        let day = Self.digits(now.year, 4) + Self.digits(now.month, 2) + Self.digits(now.day, 2)
        let time = day + "T" + Self.digits(now.hour, 2) + Self.digits(now.minute, 2) + Self.digits(now.second, 2) + "Z"
        let bodyHash = Hexadecimal.string(HashAlgorithm.sha256.hash(body).span)
        var added = [(name: "X-Amz-Date", value: time)]
        if service == "s3" { added.append(("X-Amz-Content-Sha256", bodyHash)) }
        if let token = credentials.sessionToken { added.append(("X-Amz-Security-Token", token)) }
        let signed = Self.canonical([("host", request.host)] + request.fields + added)
        let names = signed.map(\.name).joined(separator: ";")
        let canonical = [
            request.method, canonicalPath(request.path), Self.canonicalQuery(request.query),
            signed.map { "\($0.name):\($0.value)\n" }.joined(), names, bodyHash,
        ].joined(separator: "\n")
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let hash = Hexadecimal.string(HashAlgorithm.sha256.hash(Array(canonical.utf8).span).span)
        let signature = sign("\(Self.algorithm)\n\(time)\n\(scope)\n\(hash)", day)
        let authorization =
            "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        return added + [("Authorization", authorization)]
    }

    private func sign(_ text: String, _ day: String) -> String {
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for part in [day, region, service, "aws4_request"] {
            key = HashAlgorithm.sha256.authenticate(Array(part.utf8).span, key: key.span)
        }
        let signature = HashAlgorithm.sha256.authenticate(Array(text.utf8).span, key: key.span)
        return Hexadecimal.string(signature.span)
    }

    /// Names small, values without the blanks around them and with one blank for each run, in order of the names.
    private static func canonical(_ fields: [(name: String, value: String)]) -> [(name: String, value: String)] {
        fields.map { field in
            (field.name.lowercased(), field.value.split(separator: " ").joined(separator: " "))
        }.sorted { $0.name < $1.name }
    }

    /// Every service but S3 wants what is sent encoded once more.
    private func canonicalPath(_ path: String) -> String {
        let path = path.isEmpty ? "/" : path
        return service == "s3" ? path : Self.encoded(path, keepsSlash: true)
    }

    /// Sorted by names and values; a name without a value gets an equals sign.
    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&").map { pair in
            pair.contains("=") ? String(pair) : pair + "="
        }.sorted().joined(separator: "&")
    }

    private static func encoded(_ text: String, keepsSlash: Bool) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: break
            case 0x2f where keepsSlash: break
            default:
                result += "%" + Hexadecimal.string([byte].span).uppercased()
                continue
            }
            result.unicodeScalars.append(Unicode.Scalar(byte))
        }
        return result
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

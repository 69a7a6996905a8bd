import CCurl
import Encoding
import Glibc
import Posix

/// A request's settings in libcurl's terms.
struct TransferSettings {
    private let files: any FileSystem

    init(files: any FileSystem) {
        self.files = files
    }

    /// - Parameters:
    ///   - authorization: a token that was fetched for the request.
    ///   - leftNs: until its deadline.
    func apply(
        _ request: ClientRequest, authorization: String?, leftNs: Int64, to easy: EasyHandle
    ) throws(ClientError) {
        easy.set(CURLOPT_URL, request.url)
        easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
        easy.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        easy.set(CURLOPT_NOSIGNAL, true)
        easy.set(CURLOPT_TIMEOUT_MS, Int(max(1, leftNs / 1_000_000)))
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, min(request.connectTimeoutNs, leftNs) / 1_000_000)))
        if request.receive == nil { easy.set(large: CURLOPT_MAXFILESIZE_LARGE, request.answerBytesMax) }
        easy.set(CURLOPT_FOLLOWLOCATION, request.options.followsRedirects)
        easy.set(CURLOPT_MAXREDIRS, Self.redirectsMax)
        let version = request.options.enablesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        easy.set(CURLOPT_HTTP_VERSION, version)
        if let path = request.unixSocket { easy.set(CURLOPT_UNIX_SOCKET_PATH, path) }
        method(request, easy)
        try fields(request, authorization, easy)
        try tls(request.options.tls, easy)
        try proxy(request.options.proxy, request.url, easy)
    }

    /// As Go's client, which Prometheus uses.
    private static let redirectsMax = 10

    private func method(_ request: ClientRequest, _ easy: EasyHandle) {
        switch request.method {
        case .get: easy.set(CURLOPT_HTTPGET, true)
        case .head: easy.set(CURLOPT_NOBODY, true)
        default:
            easy.set(CURLOPT_POST, true)
            easy.set(body: request.body)
            if request.method != .post { easy.set(CURLOPT_CUSTOMREQUEST, request.method.name) }
        }
    }

    private func fields(_ request: ClientRequest, _ token: String?, _ easy: EasyHandle) throws(ClientError) {
        // Without these libcurl asks before a large body, and names a form as the content type.
        var lines = ["Expect:"]
        if !request.hasField("content-type") { lines.append("Content-Type:") }
        for field in request.fields { lines.append(Self.line(field.name, field.value)) }
        if request.acceptsGzip { lines.append("Accept-Encoding: gzip") }
        for header in request.options.headers {
            for value in header.values { lines.append(Self.line(header.name, try text(value))) }
        }
        let credentials = if let token { token } else { try authorization(request.options.credentials) }
        if let credentials {
            lines.append(Self.line("Authorization", credentials))
        }
        if !request.hasField("user-agent") { lines.append("User-Agent: obs") }
        easy.set(CURLOPT_HTTPHEADER, lines: lines)
    }

    /// An empty value is written with a semicolon; control characters become spaces, so that no value adds a field.
    private static func line(_ name: String, _ value: String) -> String {
        if value.isEmpty { return name + ";" }
        if value.utf8.allSatisfy(\.isFieldContent) { return name + ": " + value }
        return name + ": " + String(value.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }

    private func authorization(_ credentials: HTTPClientOptions.Credentials) throws(ClientError) -> String? {
        switch credentials {
        case .none, .oauth2: return nil
        case .basic(let user, let password):
            var secret = ""
            if let password { secret = try text(password) }
            return "Basic " + Base64.standard.string(Array((try text(user) + ":" + secret).utf8).span)
        case .authorization(let type, let credentials):
            guard let credentials else { return nil }
            return "\(type) \(try text(credentials))"
        }
    }

    func tls(_ options: TLSClientOptions, _ easy: EasyHandle) throws(ClientError) {
        easy.set(CURLOPT_SSL_VERIFYPEER, !options.skipsVerification)
        easy.set(CURLOPT_SSL_VERIFYHOST, options.skipsVerification ? 0 : 2)
        if let authority = options.authority { easy.set(blob: CURLOPT_CAINFO_BLOB, try text(authority)) }
        if let certificate = options.certificate, let key = options.key {
            easy.set(blob: CURLOPT_SSLCERT_BLOB, try text(certificate))
            easy.set(blob: CURLOPT_SSLKEY_BLOB, try text(key))
        }
        let lowest = options.versionMin.map(Self.version) ?? CURL_SSLVERSION_TLSv1_2
        let highest = options.versionMax.map { Self.version($0) << 16 } ?? 0
        easy.set(CURLOPT_SSLVERSION, lowest | highest)
    }

    private static func version(_ version: TLSClientOptions.Version) -> Int {
        switch version {
        case .tls10: CURL_SSLVERSION_TLSv1_0
        case .tls11: CURL_SSLVERSION_TLSv1_1
        case .tls12: CURL_SSLVERSION_TLSv1_2
        case .tls13: CURL_SSLVERSION_TLSv1_3
        }
    }

    private func proxy(_ options: ProxyOptions, _ url: String, _ easy: EasyHandle) throws(ClientError) {
        switch options {
        case .none: easy.set(CURLOPT_PROXY, "")
        case .fixed(let proxy, let noProxy, let headers):
            easy.set(CURLOPT_PROXY, proxy.text)
            easy.set(CURLOPT_NOPROXY, noProxy)
            try connectHeaders(headers, easy)
        case .environment(let headers):
            let scheme = url.lowercased().hasPrefix("https:") ? "https" : "http"
            easy.set(CURLOPT_PROXY, Self.environment("\(scheme)_proxy") ?? "")
            easy.set(CURLOPT_NOPROXY, Self.environment("no_proxy") ?? "")
            try connectHeaders(headers, easy)
        }
    }

    private func connectHeaders(_ headers: [HeaderOptions], _ easy: EasyHandle) throws(ClientError) {
        easy.set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        var lines: [String] = []
        for header in headers {
            for value in header.values { lines.append(Self.line(header.name, try text(value))) }
        }
        easy.set(CURLOPT_PROXYHEADER, lines: lines)
    }

    /// In capitals as Go reads it, or small as curl does.
    private static func environment(_ name: String) -> String? {
        for name in [name.uppercased(), name] {
            if let value = unsafe getenv(name) { return unsafe String(cString: value) }
        }
        return nil
    }

    /// A secret as it is now.
    func text(_ source: SecretSource) throws(ClientError) -> String { try SecretText.now(source, in: files) }
}

extension ClientRequest {
    /// - Parameter name: in lower case.
    fileprivate func hasField(_ name: String) -> Bool {
        fields.contains { $0.name.utf8.span.equalsIgnoringCase(name) }
    }
}

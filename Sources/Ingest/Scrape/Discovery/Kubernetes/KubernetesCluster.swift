import Encoding
import HTTP
import Posix

/// How the API of a cluster is reached: as the settings say, as a kubeconfig says, or as the cluster tells its pods.
struct KubernetesCluster: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let server: String
    let client: HTTPClientOptions
    /// Of the pod that this process runs in.
    let ownNamespace: String?

    private static let accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"
    private static let fileBytesMax = 1 << 20

    init(_ options: KubernetesDiscoveryOptions, _ files: any FileSystem) throws(Failure) {
        if let server = options.server {
            self.server = Self.trimmed(server.text)
            (client, ownNamespace) = (options.client, nil)
        } else if let path = options.kubeconfigFile {
            self = try Self.ofFile(path, files)
        } else {
            self = try Self.around(files)
        }
    }

    private init(server: String, client: HTTPClientOptions, ownNamespace: String?) {
        (self.server, self.client, self.ownNamespace) = (server, client, ownNamespace)
    }

    private static func trimmed(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }

    // MARK: in a cluster

    private static func around(_ files: any FileSystem) throws(Failure) -> KubernetesCluster {
        guard let host = AWSCredentials.ofProcess("KUBERNETES_SERVICE_HOST"),
            let port = AWSCredentials.ofProcess("KUBERNETES_SERVICE_PORT").flatMap({ Int($0) })
        else {
            throw Failure(
                description:
                    "this process does not run in a Kubernetes cluster: name one with api_server or kubeconfig_file")
        }
        var client = HTTPClientOptions()
        client.credentials = .authorization(type: "Bearer", .file("\(accountDirectory)/token"))
        client.tls.authority = .file("\(accountDirectory)/ca.crt")
        let path = "\(accountDirectory)/namespace"
        let namespace = try? files.readFile(path, atMostBytes: fileBytesMax)  // not every pod has it
        return KubernetesCluster(
            server: "https://\(TargetNames.address(host, port))", client: client,
            ownNamespace: namespace.map { String(decoding: $0, as: UTF8.self) })
    }

    // MARK: kubeconfig

    private static func ofFile(_ path: String, _ files: any FileSystem) throws(Failure) -> KubernetesCluster {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try files.readFile(path, atMostBytes: fileBytesMax)
        } catch {
            throw Failure(description: "cannot read the kubeconfig: \(error)")
        }
        let report = ConfigurationReport()
        let reader = YAMLReader(file: path, report: report)
        guard let document = reader.document(bytes.span), let root = reader.section(document, "a kubeconfig") else {
            throw Failure(description: report.errors.first?.description ?? "\(path) is empty")
        }
        let context = try entry("contexts", root.string("current-context") ?? "", "context", root)
        let cluster = try entry("clusters", context.string("cluster") ?? "", "cluster", root)
        let user = try entry("users", context.string("user") ?? "", "user", root)
        var client = HTTPClientOptions()
        client.tls.authority = secret(cluster, "certificate-authority")
        client.tls.skipsVerification = cluster.bool("insecure-skip-tls-verify") ?? false
        client.tls.serverName = cluster.string("tls-server-name")
        client.tls.certificate = secret(user, "client-certificate")
        client.tls.key = secret(user, "client-key")
        client.credentials = credentials(user)
        if client.credentials == .none, client.tls.certificate == nil, user.contains("exec") {
            throw Failure(
                description: "\(path): obs runs no programs for credentials (exec): write a token or tokenFile")
        }
        guard let server = cluster.string("server") else {
            throw Failure(description: "\(path): the cluster of the current context has no server")
        }
        return KubernetesCluster(server: trimmed(server), client: client, ownNamespace: context.string("namespace"))
    }

    /// What a list of named entries has under a name.
    private static func entry(
        _ list: String, _ name: String, _ key: String, _ root: YAMLSection
    ) throws(Failure) -> YAMLSection {
        for entry in root.sections(list, "entry of \(list)") where entry.string("name") == name {
            if let found = entry.section(key) { return found }
        }
        throw Failure(description: "the kubeconfig has no entry \(Quoted.text(name)) in \(list)")
    }

    /// A file, or with `-data` behind the key the content in base64.
    private static func secret(_ section: YAMLSection, _ key: String) -> SecretSource? {
        if let data = section.string("\(key)-data") {
            let text = Array(data.utf8)
            guard let bytes = try? Base64.standard.decode(text.span) else { return nil }  // refused by TLS then
            return .text(Secret(String(decoding: bytes, as: UTF8.self)))
        }
        return section.path(key).map(SecretSource.file)
    }

    private static func credentials(_ user: YAMLSection) -> HTTPClientOptions.Credentials {
        if let token = user.string("token") { return .authorization(type: "Bearer", .text(Secret(token))) }
        if let path = user.path("tokenFile") { return .authorization(type: "Bearer", .file(path)) }
        guard let name = user.string("username") else { return .none }
        return .basic(user: .text(Secret(name)), password: user.string("password").map { .text(Secret($0)) })
    }
}

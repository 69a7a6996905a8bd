import Agent
import Crypto
import Encoding
import Posix

/// What an agent's configuration file says. Each section is decoded by whoever uses it; here they are put together.
struct AgentConfiguration: Sendable {
    /// Empty for the default.
    var listen: [SocketAddress] = []
    var host = HostOptions()
    var integrations = IntegrationOptions()
    var shipping = ShippingOptions()
    /// Nil where nobody has to say who they are.
    var auth: AuthOptions?
    /// Nil: plain HTTP.
    var tls: TLSOptions?

    /// What reading a file came to; the configuration is only to be used where `errors` is empty.
    struct Result {
        let configuration: AgentConfiguration
        let errors: [ConfigurationError]
        let notices: [ConfigurationNotice]
    }

    init() {}

    static func load(
        path: String, syntaxOnly: Bool = false, environment: Environment = .process, files: NamedFiles = NamedFiles()
    ) -> Result {
        let report = ConfigurationReport()
        var configuration = AgentConfiguration()
        if let bytes = files.read(path, named: path, report) {
            let reader = YAMLReader(file: path, report: report)
            if let document = reader.document(bytes.span),
                let section = reader.section(document, "the agent's configuration")
            {
                configuration = AgentConfiguration(section, environment)
            }
            if !syntaxOnly { files.check(report) }
        }
        return Result(configuration: configuration, errors: report.errors, notices: report.notices)
    }

    private init(_ section: YAMLSection, _ environment: Environment) {
        environment.expandKeys(
            of: section,
            ["listen", "auth", "tls", "host", "collector", "labels", "cloud", "metrics", "heartbeat", "buffer"])
        let extracted = section.value("integrations").map(IntegrationOptions.extractedNames) ?? []
        environment.expandKeys(of: section, ["integrations"], leaving: extracted)
        if let node = section.value("listen") { listen = Self.addresses(node, section.reader) }
        if let node = section.section("host") { host = HostOptions(node) }
        if let node = section.section("integrations") { integrations = IntegrationOptions(node) }
        shipping = ShippingOptions(inlineIn: section)
        if let node = section.section("auth") { auth = AuthOptions(node) }
        if let node = section.section("tls") { tls = TLSOptions(node) }
        section.finish()
    }

    /// One address or a list of them.
    private static func addresses(_ node: YAMLNode, _ reader: YAMLReader) -> [SocketAddress] {
        let nodes = if case .sequence(let nodes) = node.content { nodes } else { [node] }
        return nodes.compactMap { node in
            guard let text = reader.string(node, "listen") else { return nil }
            guard let address = SocketAddress(text) else {
                reader.refuse(
                    node, "listen is \(Quoted.text(text))", "write an address and port such as 127.0.0.1:9100")
                return nil
            }
            return address
        }
    }
}

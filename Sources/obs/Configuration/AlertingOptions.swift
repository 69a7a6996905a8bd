import Encoding
import HTTP
import Ingest
import Model

/// `alerting`: which Alertmanagers get the alerts, besides the one inside.
struct AlertingOptions: Sendable {
    /// Applied to the labels of each alert before it is sent.
    var alertRules: [RelabelRule] = []
    var managers: [AlertmanagerOptions] = []

    init() {}

    init(_ section: YAMLSection, validation: NameValidation) {
        alertRules = section.relabelRules("alert_relabel_configs", validation: validation)
        managers = section.sections("alertmanagers", "Alertmanager config section").map {
            AlertmanagerOptions($0, validation: validation)
        }
        section.finish()
    }
}

/// A set of Alertmanagers that are found and asked alike.
struct AlertmanagerOptions: Sendable {
    let position: ConfigurationPosition
    let scheme: String
    /// In front of `/api/v2/alerts`.
    let pathPrefix: String
    let timeoutMs: Int64
    let client: HTTPClientOptions
    let discoveries: [DiscoveryOptions]
    let targetRules: [RelabelRule]
    let alertRules: [RelabelRule]

    init(_ section: YAMLSection, validation: NameValidation) {
        position = section.reader.position(of: section.node)
        scheme = section.choice("scheme", ["http", "https"]) ?? "http"
        pathPrefix = section.string("path_prefix") ?? ""
        timeoutMs = section.durationMs("timeout") ?? 10_000
        if let version = section.string("api_version"), version != "v2" {
            section.refuse(at: "api_version", "expected Alertmanager api version to be v2 but got \(version)")
        }
        client = HTTPClientOptions(inlineIn: section)
        CloudCredentials.read(section, client, kinds: ["sigv4"])
        discoveries = DiscoveryOptions.read(section)
        targetRules = section.relabelRules("relabel_configs", validation: validation)
        alertRules = section.relabelRules("alert_relabel_configs", validation: validation)
        if targetRules.isEmpty { DiscoveryOptions.refuseURLs(section) }
        section.finish()
    }
}

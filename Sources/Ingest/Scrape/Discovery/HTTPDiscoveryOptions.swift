import Encoding
package import HTTP
import Model

/// `http_sd_configs`: targets from an answer in JSON.
package struct HTTPDiscoveryOptions: Hashable, Sendable {
    package let url: String
    package let refreshIntervalMs: Int64
    package let client: HTTPClientOptions

    init(_ section: YAMLSection) {
        url = section.webURL("url")?.text ?? ""
        refreshIntervalMs = section.durationMs("refresh_interval") ?? 60_000
        client = HTTPClientOptions(inlineIn: section)
        if section.value("url") == nil { section.refuse(at: "url", "URL is missing") }
        section.finish()
    }
}

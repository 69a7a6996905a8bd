package import Encoding
package import HTTP
import Model

/// One entry of `remote_read`: another store that queries are sent to as well.
package struct RemoteReadOptions: Sendable {
    /// Where the entry stands.
    package let position: ConfigurationPosition
    package let url: URL?
    package let name: String
    package let timeoutMs: Int64
    /// Bound on one frame of a streamed answer.
    package let frameBytesMax: Int
    package let headers: [String: String]
    /// Asked also for the time that is stored here.
    package let readsRecent: Bool
    /// A selector has to have all of these to be sent.
    package let requiredMatchers: [String: String]
    package let filtersByExternalLabels: Bool
    package let client: HTTPClientOptions

    package init(_ section: YAMLSection) {
        position = section.reader.position(of: section.node)
        url = section.url("url")
        name = section.string("name") ?? ""
        timeoutMs = section.durationMs("remote_timeout") ?? 60_000
        frameBytesMax = section.int("chunked_read_limit", in: 0...Int.max) ?? 50_000_000
        headers = section.requestHeaders("headers")
        readsRecent = section.bool("read_recent") ?? false
        requiredMatchers = section.texts("required_matchers")
        filtersByExternalLabels = section.bool("filter_external_labels") ?? true
        client = HTTPClientOptions(inlineIn: section)
        if section.value("url") == nil { section.refuse(at: "url", "url for remote_read is empty") }
        section.finish()
    }
}

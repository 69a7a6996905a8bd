package import Encoding
package import HTTP
import Model

/// `collector`: where what is measured and read goes.
package struct DestinationOptions: Sendable {
    /// Without a slash at the end.
    package var url: String
    /// Tells collectors apart; the name of a file in the spool.
    package var name: String
    package var client: HTTPClientOptions
    package var timeoutMs: Int64 = 30_000

    package init(url: String, name: String = "collector", client: HTTPClientOptions = HTTPClientOptions()) {
        (self.url, self.name, self.client) = (url, name, client)
    }

    /// - Parameter index: of the collector, where there are several.
    package init(_ section: YAMLSection, index: Int) {
        let url = section.string("url") ?? ""
        if !url.hasPrefix("http://") && !url.hasPrefix("https://") {
            section.refuse(at: "url", "url is \(Quoted.text(url))", "write one such as https://obs.example.com:9440")
        }
        let token = section.secret("token", file: "token_file")
        name = section.string("name") ?? (index == 0 ? "collector" : "collector-\(index + 1)")
        if name.isEmpty || name.contains("/") || name.hasPrefix(".") {
            section.refuse(at: "name", "name is \(Quoted.text(name))", "it becomes the name of a file")
        }
        client = HTTPClientOptions(inlineIn: section)
        if let token { client.credentials = .authorization(type: "Bearer", token) }
        if let ms = section.durationMs("timeout"), ms > 0 { timeoutMs = ms }
        section.finish()
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}

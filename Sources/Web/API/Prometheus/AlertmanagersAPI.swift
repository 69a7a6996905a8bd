import Encoding
package import HTTP

/// `/api/v1/alertmanagers`: the Alertmanagers on other servers that get the alerts. None is ever dropped: a target that
/// the configuration names is one.
package struct AlertmanagersAPI: Sendable {
    private let urls: @Sendable () -> [String]

    /// - Parameter urls: of those that are in force.
    package init(urls: @escaping @Sendable () -> [String]) { self.urls = urls }

    package func add(to router: inout Router) {
        router.get("/api/v1/alertmanagers", role: .read) { _, response in
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("status", "success")
            writer.name("data")
            writer.beginObject()
            writer.name("activeAlertmanagers")
            writer.beginArray()
            for url in urls() {
                writer.beginObject()
                writer.member("url", url)
                writer.endObject()
            }
            writer.endArray()
            writer.name("droppedAlertmanagers")
            writer.beginArray()
            writer.endArray()
            writer.endObject()
            writer.endObject()
            response.send(writer.bytes, contentType: ContentType.json)
        }
    }
}

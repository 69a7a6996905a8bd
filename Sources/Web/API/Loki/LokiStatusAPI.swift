import Encoding
package import HTTP
import LogQL

/// What clients ask before they ask for logs, and the ways of Loki that need no store.
package struct LokiStatusAPI: Sendable {
    /// Whose API this is: clients decide by it what they may ask.
    private static let lokiVersion = "3.5.0"
    private let version: String
    private let revision: String
    private let entriesMax: Int

    package init(version: String, revision: String, entriesMax: Int) {
        (self.version, self.revision, self.entriesMax) = (version, revision, entriesMax)
    }

    package func add(to router: inout Router) {
        router.get("/loki/api/v1/status/buildinfo", role: .read) { [self] _, response in buildInfo(&response) }
        for method in [Method.get, .post] {
            router.add(method, "/loki/api/v1/format_query", role: .read) { request, response in
                Self.format(request.value("query") ?? "", &response)
            }
        }
        router.get("/loki/api/v1/drilldown-limits", role: .read) { [self] _, response in limits(&response) }
        router.get("/config/tenant/v1/limits", role: .read) { [self] _, response in limits(&response) }
    }

    private func buildInfo(_ response: inout Response) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("version", Self.lokiVersion)
        writer.member("revision", revision)
        writer.member("branch", "")
        writer.member("buildUser", "")
        writer.member("buildDate", "")
        writer.member("goVersion", "")
        writer.member("application", "obs")
        writer.member("obsVersion", version)
        writer.endObject()
        response.send(writer.bytes, contentType: ContentType.json)
    }

    private static func format(_ query: String, _ response: inout Response) {
        var writer = JSONWriter()
        writer.beginObject()
        do throws(LogQLError) {
            let parsed = try LogQuery(parsing: query)
            writer.member("status", "success")
            writer.member("data", QueryText.pretty(parsed))
        } catch {
            response.status = .badRequest
            writer.member("status", "invalid-query")
            writer.member("error", "\(error)")
        }
        writer.endObject()
        response.send(writer.bytes, contentType: ContentType.json)
    }

    private func limits(_ response: inout Response) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("limits")
        writer.beginObject()
        writer.member("discover_log_levels", true)
        writer.member("max_entries_limit_per_query", entriesMax)
        writer.member("volume_enabled", true)
        writer.endObject()
        writer.member("pattern_ingester_enabled", true)
        writer.member("version", Self.lokiVersion)
        writer.endObject()
        response.send(writer.bytes, contentType: ContentType.json)
    }
}

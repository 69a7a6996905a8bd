import Encoding
package import HTTP

/// `/obs/v1/dashboards`: what dashboards there are, and each as its JSON.
package struct DashboardsAPI: Sendable {
    private let folders: @Sendable () -> DashboardFolders
    private let pool: HandlerPool

    /// - Parameter folders: those of the configuration in force.
    package init(pool: HandlerPool, folders: @escaping @Sendable () -> DashboardFolders) {
        (self.pool, self.folders) = (pool, folders)
    }

    package func add(to router: inout Router) {
        router.get("/obs/v1/dashboards", role: .read) { [self] _, response in
            pool.answer(&response) { pending in
                pending.send(.ok, list().span, contentType: ContentType.json)
            }
        }
        router.get("/obs/v1/dashboards/:identifier", role: .read) { [self] request, response in
            let identifier = request.parameter("identifier")
            pool.answer(&response) { pending in answer(identifier, pending) }
        }
    }

    private func list() -> [UInt8] {
        let (entries, notices) = folders().list()
        var json = JSONWriter()
        json.beginObject()
        json.name("dashboards")
        json.beginArray()
        for entry in entries {
            json.beginObject()
            json.member("uid", entry.identifier)
            json.member("title", entry.title)
            json.member("folder", entry.folder)
            json.name("tags")
            json.beginArray()
            for tag in entry.tags { json.string(tag) }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.name("notices")
        json.beginArray()
        for notice in notices { json.string(notice) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func answer(_ identifier: String, _ pending: PendingResponse) {
        do throws(UnreadableDashboard) {
            guard let dashboard = try folders().json(identifier) else {
                return APIAnswer.failure(pending, APIError(.notFound, "there is no dashboard \(identifier)"))
            }
            var body = Array(#"{"isReadOnly":true,"dashboard":"#.utf8)
            body += dashboard
            body.append(UInt8(ascii: "}"))
            pending.send(.ok, body.span, contentType: ContentType.json)
        } catch {
            APIAnswer.failure(pending, APIError(.execution, error.description))
        }
    }
}

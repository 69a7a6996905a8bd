import Encoding
package import HTTP
package import Ledger

/// `/obs/v1/dashboards`: what dashboards there are, each as its JSON, and those that are saved in the pages; stars.
/// Files are read-only; of two dashboards with one uid the file is shown.
package struct DashboardsAPI: Sendable {
    private let folders: @Sendable () -> DashboardFolders
    private let ledger: Ledger
    private let pool: HandlerPool

    /// - Parameter folders: those of the configuration in force.
    package init(_ ledger: Ledger, pool: HandlerPool, folders: @escaping @Sendable () -> DashboardFolders) {
        (self.ledger, self.pool, self.folders) = (ledger, pool, folders)
    }

    package func add(to router: inout Router) {
        router.get("/obs/v1/dashboards", role: .read) { [self] request, response in
            let person = Self.person(request)
            answer(&response) { () throws(APIError) in try list(person) }
        }
        router.get("/obs/v1/dashboards/:identifier", role: .read) { [self] request, response in
            let identifier = request.parameter("identifier")
            answer(&response) { () throws(APIError) in try one(identifier) }
        }
        router.add(
            .put, "/obs/v1/dashboards/:identifier", role: .operate, bodyBytesMax: SavedDashboard.bodyBytesMax + 65_536
        ) { [self] request, response in
            let (identifier, person, body) = (request.parameter("identifier"), Self.person(request), HeldBody(request))
            answer(&response) { () throws(APIError) in try save(identifier, body.bytes, person) }
        }
        router.add(.delete, "/obs/v1/dashboards/:identifier", role: .operate) { [self] request, response in
            let identifier = request.parameter("identifier")
            answer(&response) { () throws(APIError) in
                try kept { () throws(LedgerError) in try ledger.deleteDashboard(identifier) }
                return Self.nothing
            }
        }
        addStars(to: &router)
    }

    private func addStars(to router: inout Router) {
        for (method, isSet) in [(Method.put, true), (.delete, false)] {
            router.add(method, "/obs/v1/stars/:identifier", role: .read) { [self] request, response in
                let (identifier, person) = (request.parameter("identifier"), Self.person(request))
                answer(&response) { () throws(APIError) in
                    try kept { () throws(LedgerError) in
                        try ledger.setStar(identifier, of: person, isSet: isSet)
                    }
                    return Self.nothing
                }
            }
        }
    }

    private static let nothing = Array(#"{"status":"success"}"#.utf8)

    /// Whose stars are shown: everybody's are one where nobody says who they are.
    private static func person(_ request: borrowing Request) -> String { request.principal?.name ?? "" }

    private func list(_ person: String) throws(APIError) -> [UInt8] {
        let (entries, notices) = folders().list()
        let saved = try kept { () throws(LedgerError) in try ledger.dashboards() }
        let stars = Set(try kept { () throws(LedgerError) in try ledger.stars(of: person) })
        let taken = Set(entries.map(\.identifier))
        var json = JSONWriter()
        json.beginObject()
        json.name("dashboards")
        json.beginArray()
        for entry in entries {
            Self.write(entry.identifier, entry.title, entry.folder, entry.tags, stars, isSaved: false, &json)
        }
        for one in saved where !taken.contains(one.identifier) {
            Self.write(one.identifier, one.title, one.folder, one.tags, stars, isSaved: true, &json)
        }
        json.endArray()
        json.name("notices")
        json.beginArray()
        for notice in notices { json.string(notice) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private static func write(
        _ identifier: String, _ title: String, _ folder: String, _ tags: [String], _ stars: Set<String>, isSaved: Bool,
        _ json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("uid", identifier)
        json.member("title", title)
        json.member("folder", folder)
        json.member("isSaved", isSaved)
        json.member("isStarred", stars.contains(identifier))
        json.name("tags")
        json.beginArray()
        for tag in tags { json.string(tag) }
        json.endArray()
        json.endObject()
    }

    /// The dashboard itself; nil where none is called so.
    func json(_ identifier: String) throws(APIError) -> [UInt8]? {
        if let file = try file(identifier) { return file }
        return try kept { () throws(LedgerError) in try ledger.dashboard(identifier) }.map { Array($0.body.utf8) }
    }

    private func file(_ identifier: String) throws(APIError) -> [UInt8]? {
        do throws(UnreadableDashboard) {
            return try folders().json(identifier)
        } catch {
            throw APIError(.execution, error.description)
        }
    }

    private func one(_ identifier: String) throws(APIError) -> [UInt8] {
        if let file = try file(identifier) {
            return Array(#"{"isReadOnly":true,"dashboard":"#.utf8) + file + [UInt8(ascii: "}")]
        }
        guard let saved = try kept({ () throws(LedgerError) in try ledger.dashboard(identifier) }) else {
            throw APIError(.notFound, "there is no dashboard \(identifier)")
        }
        var json = JSONWriter()
        json.beginObject()
        json.member("isReadOnly", false)
        json.member("version", Int(saved.version))
        json.member("folder", saved.folder)
        json.member("changedBy", saved.changedBy)
        json.name("dashboard")
        json.raw(saved.body.utf8.span)
        json.endObject()
        return json.bytes
    }

    /// Takes `{"version": 3, "folder": "...", "dashboard": {...}}`; the version is that which was edited, 0 for a new one.
    private func save(_ identifier: String, _ body: [UInt8], _ person: String) throws(APIError) -> [UInt8] {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(body.span)
        } catch {
            throw APIError(.badData, "the body is no JSON: \(error)")
        }
        guard let dashboard = json["dashboard"], let title = dashboard["title"]?.text else {
            throw APIError(.badData, "send {\"version\": ..., \"dashboard\": {\"title\": ...}}")
        }
        let isFile = folders().list().entries.contains { $0.identifier == identifier }
        if isFile { throw APIError(.badData, "\(identifier) is a file of the configuration: save yours as a copy") }
        var writer = JSONWriter()
        writer.value(dashboard)
        let one = SavedDashboard(
            identifier: identifier, title: title, folder: json["folder"]?.text ?? "",
            tags: dashboard["tags"]?.elements?.compactMap(\.text) ?? [],
            body: String(decoding: writer.bytes, as: UTF8.self), version: Int64(json["version"]?.int ?? 0))
        let version = try kept { () throws(LedgerError) in try ledger.save(one, by: person) }
        return Array(#"{"version":\#(version)}"#.utf8)
    }

    private func kept<Result>(_ body: () throws(LedgerError) -> Result) throws(APIError) -> Result {
        do throws(LedgerError) {
            return try body()
        } catch {
            switch error {
            case .changedDashboard: throw APIError(.conflict, "\(error)")
            case .noSuchDashboard: throw APIError(.notFound, "\(error)")
            case .unusableDashboard: throw APIError(.badData, "\(error)")
            default: throw APIError(.internalFailure, "\(error)")
            }
        }
    }

    private func answer(_ response: inout Response, _ body: @escaping @Sendable () throws(APIError) -> [UInt8]) {
        pool.answer(&response) { pending in
            do throws(APIError) {
                let bytes = try body()
                pending.send(.ok, bytes.span, contentType: ContentType.json)
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }
}

package import Alerting
import Encoding
package import HTTP
import Ledger
import Model
import Text

/// `/api/v2`: what amtool, karma, Grafana and a Prometheus ask of an Alertmanager.
package struct AlertmanagerAPI: Sendable {
    /// A body of alerts is not longer.
    private static let bodyBytesMax = 64 << 20

    private let router: AlertRouter
    private let pool: HandlerPool
    private let facts: AlertmanagerFacts

    package init(_ router: AlertRouter, pool: HandlerPool, facts: AlertmanagerFacts) {
        self.router = router
        self.pool = pool
        self.facts = facts
    }

    package func add(to routes: inout Router) {
        addAlerts(to: &routes)
        addSilences(to: &routes)
        answer(&routes, "/api/v2/status") { _, writer in facts.write(members: router.members, to: &writer) }
        answer(&routes, "/api/v2/receivers") { (parameters, writer) throws(APIError) in
            let matchers = try parameters.matchers("receiver_matchers")
            writer.beginArray()
            for receiver in self.router.receivers where receiver.labels.match(matchers) {
                AlertmanagerJSON.write(receiver: receiver.name, receiver.labels, to: &writer)
            }
            writer.endArray()
        }
    }

    private func addAlerts(to routes: inout Router) {
        answer(&routes, "/api/v2/alerts") { (parameters, writer) throws(APIError) in
            let filter = try AlertFilter(parameters, router.receivers)
            writer.beginArray()
            for standing in router.standings(where: filter.wants) where filter.wants(standing) {
                AlertmanagerJSON.write(standing, to: &writer)
            }
            writer.endArray()
        }
        answer(&routes, "/api/v2/alerts/groups") { (parameters, writer) throws(APIError) in
            let filter = try AlertFilter(parameters, router.receivers)
            writer.beginArray()
            for group in router.groupStandings(where: filter.wants) where filter.wants(receiver: group.receiver) {
                let alerts = group.alerts.filter { filter.wants($0) }
                if alerts.isEmpty || (!filter.showsMuted && alerts.allSatisfy { !$0.mutedBy.isEmpty }) { continue }
                AlertmanagerJSON.write(group, alerts, to: &writer)
            }
            writer.endArray()
        }
        routes.post("/api/v2/alerts", role: .ingest, bodyBytesMax: Self.bodyBytesMax) { request, response in
            let body = HeldBody(request)
            pool.answer(&response) { pending in
                do throws(APIError) {
                    let alerts = try AlertmanagerJSON.postedAlerts(body.bytes)
                    let refusals: [AlertRefusal]
                    do throws(LedgerError) {
                        refusals = try router.take(posted: alerts)
                    } catch {
                        throw APIError(.internalFailure, "\(error)")
                    }
                    guard refusals.isEmpty else {
                        throw APIError(.badData, refusals.map(\.description).joined(separator: "; "))
                    }
                    pending.send(.ok, [UInt8]().span, contentType: ContentType.json)
                } catch {
                    Self.refuse(pending, error)
                }
            }
        }
    }

    private func addSilences(to routes: inout Router) {
        answer(&routes, "/api/v2/silences") { (parameters, writer) throws(APIError) in
            let filter = try SilenceFilter(parameters)
            let nowMs = facts.nowMs()
            writer.beginArray()
            for silence in filter.wanted(router.silences, atMs: nowMs) {
                AlertmanagerJSON.write(silence, atMs: nowMs, to: &writer)
            }
            writer.endArray()
        }
        routes.get("/api/v2/silence/:id", role: .read) { request, response in
            let id = request.parameter("id")
            pool.answer(&response) { pending in
                guard let silence = router.silence(id) else {
                    return pending.send(.notFound, [UInt8]().span, contentType: ContentType.json)
                }
                var writer = JSONWriter()
                AlertmanagerJSON.write(silence, atMs: facts.nowMs(), to: &writer)
                pending.send(.ok, writer.bytes.span, contentType: ContentType.json)
            }
        }
        routes.add(.delete, "/api/v2/silence/:id", role: .operate) { request, response in
            let id = request.parameter("id")
            pool.answer(&response) { pending in
                do throws(SilenceError) {
                    try router.expire(id)
                    pending.send(.ok, [UInt8]().span, contentType: ContentType.json)
                } catch {
                    Self.refuse(pending, error)
                }
            }
        }
        routes.post("/api/v2/silences", role: .operate) { request, response in
            let body = HeldBody(request)
            pool.answer(&response) { pending in
                do throws(APIError) {
                    let silence = try AlertmanagerJSON.postedSilence(body.bytes)
                    do throws(SilenceError) {
                        let id = try router.put(silence)
                        var writer = JSONWriter()
                        writer.beginObject()
                        writer.member("silenceID", id)
                        writer.endObject()
                        pending.send(.ok, writer.bytes.span, contentType: ContentType.json)
                    } catch {
                        Self.refuse(pending, error)
                    }
                } catch {
                    Self.refuse(pending, error)
                }
            }
        }
    }

    private func answer(
        _ routes: inout Router, _ pattern: String,
        _ body: @escaping @Sendable (APIParameters, inout JSONWriter) throws(APIError) -> Void
    ) {
        routes.get(pattern, role: .read) { request, response in
            let parameters = APIParameters(request)
            pool.answer(&response) { pending in
                do throws(APIError) {
                    var writer = JSONWriter()
                    try body(parameters, &writer)
                    pending.send(.ok, writer.bytes.span, contentType: ContentType.json)
                } catch {
                    Self.refuse(pending, error)
                }
            }
        }
    }

    /// Errors of this API are texts in quotes.
    private static func refuse(_ pending: PendingResponse, _ error: APIError) {
        var writer = JSONWriter()
        writer.string(error.message)
        pending.send(error.status, writer.bytes.span, contentType: ContentType.json)
    }

    private static func refuse(_ pending: PendingResponse, _ error: SilenceError) {
        var writer = JSONWriter()
        writer.string("\(error)")
        let status: Status =
            switch error {
            case .unknown: .notFound
            case .refused: .badRequest
            case .ledger: .internalServerError
            }
        pending.send(status, writer.bytes.span, contentType: ContentType.json)
    }
}

/// What `/api/v2/status` says.
package struct AlertmanagerFacts: Sendable {
    private let version: String
    private let revision: String
    private let startedMs: Int64
    private let configuration: @Sendable () -> String
    let nowMs: @Sendable () -> Int64

    /// - Parameter configuration: in force, without its secrets.
    package init(
        version: String, revision: String, startedMs: Int64, nowMs: @escaping @Sendable () -> Int64,
        configuration: @escaping @Sendable () -> String
    ) {
        (self.version, self.revision, self.startedMs) = (version, revision, startedMs)
        (self.nowMs, self.configuration) = (nowMs, configuration)
    }

    /// - Parameter members: of the cluster; nil where there is none.
    func write(members: [(name: String, url: String)]?, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("cluster")
        writer.beginObject()
        writer.member("status", members == nil ? "disabled" : "ready")
        writer.name("peers")
        writer.beginArray()
        for member in members ?? [] {
            writer.beginObject()
            writer.member("name", member.name)
            writer.member("address", member.url)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.name("config")
        writer.beginObject()
        writer.member("original", configuration())
        writer.endObject()
        writer.member("uptime", CivilTime(ms: startedMs).rfc3339)
        writer.name("versionInfo")
        writer.beginObject()
        for (name, text) in [
            ("branch", ""), ("buildDate", ""), ("buildUser", ""), ("goVersion", ""), ("revision", revision),
            ("version", version),
        ] { writer.member(name, text) }
        writer.endObject()
        writer.endObject()
    }
}

/// A body that outlives its request.
struct HeldBody: Sendable {
    let bytes: [UInt8]

    init(_ request: borrowing Request) {
        var bytes: [UInt8] = []
        bytes.append(request.body)
        self.bytes = bytes
    }
}

package import Alerting
import Encoding
package import HTTP
import Ledger
import Model

/// What obs knows of alerts beyond Alertmanager's API: `/obs/v1/ack`, their history, what a silence would mute, and what
/// could not be delivered.
package struct AlertStoryAPI: Sendable {
    private static let weekMs: Int64 = 7 * 86_400_000
    private static let eventsDefault = 1000

    private let router: AlertRouter
    private let pool: HandlerPool
    private let nowMs: @Sendable () -> Int64

    package init(_ router: AlertRouter, pool: HandlerPool, nowMs: @escaping @Sendable () -> Int64) {
        (self.router, self.pool, self.nowMs) = (router, pool, nowMs)
    }

    package func add(to routes: inout Router) {
        routes.post("/obs/v1/ack", role: .operate) { request, response in
            let body = HeldBody(request)
            let caller = request.principal?.name ?? ""
            answer(&response) { (writer) throws(APIError) in try acknowledge(body.bytes, caller, &writer) }
        }
        routes.get("/obs/v1/alerts/history", role: .read) { request, response in
            let parameters = APIParameters(request)
            answer(&response) { (writer) throws(APIError) in try history(parameters, &writer) }
        }
        routes.get("/obs/v1/silences/preview", role: .read) { request, response in
            let parameters = APIParameters(request)
            answer(&response) { (writer) throws(APIError) in try preview(parameters, &writer) }
        }
        routes.get("/obs/v1/notifications/failed", role: .read) { _, response in
            answer(&response) { (writer) throws(APIError) in try deadLetters(&writer) }
        }
        routes.post("/obs/v1/notifications/test", role: .operate) { request, response in
            let parameters = APIParameters(request)
            let caller = request.principal?.name ?? "somebody on this machine"
            answer(&response) { (writer) throws(APIError) in try test(parameters["receiver"] ?? "", caller, &writer) }
        }
    }

    private func answer(
        _ response: inout Response, _ body: @escaping @Sendable (inout JSONWriter) throws(APIError) -> Void
    ) {
        pool.answer(&response) { pending in
            do throws(APIError) {
                var writer = JSONWriter()
                try body(&writer)
                APIAnswer.success(pending) { $0.raw(writer.bytes.span) }
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }

    private func asked<Result>(_ body: () throws(LedgerError) -> Result) throws(APIError) -> Result {
        do throws(LedgerError) {
            return try body()
        } catch {
            throw APIError(.internalFailure, "\(error)")
        }
    }

    private func acknowledge(_ body: [UInt8], _ caller: String, _ writer: inout JSONWriter) throws(APIError) {
        let value = try AlertmanagerJSON.value(body)
        let texts = (value["matchers"]?.elements ?? []).compactMap(\.text)
        var matchers: [Matcher] = []
        for text in texts {
            do throws(MatcherText.Failure) {
                matchers += try MatcherText.matchers(text)
            } catch {
                throw APIError(.badData, "bad matcher format: \(error)")
            }
        }
        guard !matchers.isEmpty else {
            throw APIError(.badData, "name what is acknowledged: \"matchers\": [\"alertname=DiskFull\"]")
        }
        let person = caller.isEmpty ? value["by"]?.text ?? "" : caller
        guard !person.isEmpty else { throw APIError(.badData, "say who acknowledges: \"by\": \"anna\"") }
        let groups = try asked { () throws(LedgerError) in
            try router.acknowledge(matchers, by: person, note: value["note"]?.text ?? "")
        }
        writer.beginObject()
        writer.name("groups")
        writer.beginArray()
        for key in groups { writer.string(key) }
        writer.endArray()
        writer.endObject()
    }

    private func history(_ parameters: APIParameters, _ writer: inout JSONWriter) throws(APIError) {
        let toMs = try parameters.timeMs("to") ?? nowMs()
        let fromMs = try parameters.timeMs("from") ?? toMs - 86_400_000
        let matchers = try parameters.matchers("filter")
        let limit = try parameters.limit() ?? Self.eventsDefault
        let events = try asked { () throws(LedgerError) in
            try router.events(fromMs: fromMs, toMs: toMs, matching: matchers, limit: limit)
        }
        writer.beginArray()
        for event in events {
            writer.beginObject()
            writer.member("at", CivilTime(ms: event.atMs).rfc3339)
            writer.member("kind", event.kind.rawValue)
            Self.write(event.labels, &writer)
            if let value = event.value {
                writer.name("value")
                writer.number(value)
            }
            writer.member("detail", event.detail)
            writer.endObject()
        }
        writer.endArray()
    }

    private func preview(_ parameters: APIParameters, _ writer: inout JSONWriter) throws(APIError) {
        let toMs = try parameters.timeMs("to") ?? nowMs()
        let fromMs = try parameters.timeMs("from") ?? toMs - Self.weekMs
        let matchers = try parameters.matchers("filter")
        let preview = try asked { () throws(LedgerError) in
            try router.preview(matchers, fromMs: fromMs, toMs: toMs)
        }
        writer.beginObject()
        writer.name("alerts")
        writer.number(preview.alerts)
        writer.name("tooBroad")
        writer.bool(preview.isTooBroad)
        writer.name("muted")
        writer.beginArray()
        for muted in preview.muted {
            writer.beginObject()
            Self.write(muted.labels, &writer)
            writer.name("firings")
            writer.number(muted.firings)
            writer.name("firingSeconds")
            writer.number(Double(muted.firingMs) / 1000)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private func deadLetters(_ writer: inout JSONWriter) throws(APIError) {
        let letters = try asked { () throws(LedgerError) in try router.deadLetters() }
        writer.beginArray()
        for letter in letters {
            writer.beginObject()
            writer.member("group", letter.groupKey)
            writer.member("receiver", letter.receiver)
            writer.member("first", CivilTime(ms: letter.firstMs).rfc3339)
            writer.member("last", CivilTime(ms: letter.lastMs).rfc3339)
            writer.name("failures")
            writer.number(letter.failures)
            writer.name("alerts")
            writer.number(letter.alerts)
            writer.member("error", letter.error)
            if let deliveredMs = letter.deliveredMs {
                writer.member("delivered", CivilTime(ms: deliveredMs).rfc3339)
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private func test(_ receiver: String, _ caller: String, _ writer: inout JSONWriter) throws(APIError) {
        guard let results = router.test(receiver: receiver, by: caller) else {
            throw APIError(
                .notFound,
                "there is no receiver named \(Quoted.text(receiver)); there are \(router.receivers.map(\.name).joined(separator: ", "))"
            )
        }
        writer.beginArray()
        for result in results {
            writer.beginObject()
            writer.member("name", result.name)
            writer.name("ok")
            writer.bool(result.failure == nil)
            if let failure = result.failure { writer.member("error", failure) }
            writer.name("seconds")
            writer.number(Double(result.durationNs) / 1e9)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ labels: Labels, _ writer: inout JSONWriter) {
        writer.name("labels")
        writer.beginObject()
        for pair in labels.pairs { writer.member(pair.name, pair.value) }
        writer.endObject()
    }
}

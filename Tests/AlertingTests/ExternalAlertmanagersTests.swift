import Encoding
import HTTP
import Model
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Alerting

/// A server that stands in for an Alertmanager: it keeps what it gets and answers what it is told.
private final class StandIn {
    let bodies = Lock<[JSONValue]>([])
    let statuses = Lock<[Status]>([])
    let server: Server
    let address: SocketAddress

    init() throws {
        var router = Router()
        let (bodies, statuses) = (bodies, statuses)
        router.add(.post, "/am/api/v2/alerts", role: nil) { request, response in
            let status = statuses.withLock { $0.isEmpty ? Status.ok : $0.removeFirst() }
            let body = try? JSONValue.parse(request.body)  // one that is no JSON fails the test by its absence
            if status == .ok, let body { bodies.withLock { $0.append(body) } }
            response.send(status)
        }
        server = try Server(router: router, registry: Registry())
        try server.start()
        address = try server.listen(on: SocketAddress("127.0.0.1:0")!)
    }

    deinit { server.stop(drainingAtMostNs: 0) }

    var url: String { "http://\(address)/am/api/v2/alerts" }
}

@Suite struct ExternalAlertmanagersTests {
    private static let alert = Alert(
        labels: Labels([("alertname", "Down"), ("i", "a"), ("secret", "x")]), annotations: ["s": "it is \"down\""],
        startsAtMs: 1_767_225_600_123, endsAtMs: 1_767_225_900_000, generatorURL: "http://obs/graph")

    private static func rule(_ yaml: String) throws -> [RelabelRule] {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "r", report: report)
        let text = Array("rules: [\(yaml)]".utf8)
        let found = reader.document(text.span)
        let document = try #require(found)
        let section = try #require(reader.section(document, "rules"))
        let rules = section.relabelRules("rules", validation: .utf8)
        #expect(report.errors == [])
        return rules
    }

    @Test func sendsWhatAnAlertmanagerTakes() throws {
        let standIn = try StandIn()
        let managers = ExternalAlertmanagers(registry: Registry(), log: .silent)
        var options = ExternalOptions()
        options.externalLabels = [("cluster", "eu"), ("i", "not taken")]
        options.alertRules = try Self.rule("{action: labeldrop, regex: secret}")
        options.managers = [ExternalAlertmanager(url: standIn.url, client: HTTPClientOptions(), timeoutMs: 10_000)]
        try managers.apply(options)
        managers.notify([Self.alert])
        managers.stop()
        let bodies = standIn.bodies.withLock { $0 }
        let expected =
            "[{\"annotations\":{\"s\":\"it is \\\"down\\\"\"},\"endsAt\":\"2026-01-01T00:05:00.000Z\",\"startsAt\":\"2026-01-01T00:00:00.123Z\",\"generatorURL\":\"http://obs/graph\",\"labels\":{\"alertname\":\"Down\",\"cluster\":\"eu\",\"i\":\"a\"}}]"
        #expect(bodies == [try JSONValue.parse(Array(expected.utf8).span)])
    }

    @Test func triesAgainAfterAPassingFailure() throws {
        let standIn = try StandIn()
        standIn.statuses.withLock { $0 = [.serviceUnavailable, .serviceUnavailable] }
        let managers = ExternalAlertmanagers(registry: Registry(), log: .silent)
        var options = ExternalOptions()
        options.managers = [ExternalAlertmanager(url: standIn.url, client: HTTPClientOptions(), timeoutMs: 20_000)]
        try managers.apply(options)
        managers.notify([Self.alert])
        managers.stop()
        #expect(standIn.bodies.withLock { $0.count } == 1)
    }

    @Test func batchesManyAlertsAndAppliesTheRulesOfEachReceiver() throws {
        let (all, some) = (try StandIn(), try StandIn())
        let managers = ExternalAlertmanagers(registry: Registry(), log: .silent)
        var options = ExternalOptions()
        options.managers = [
            ExternalAlertmanager(url: all.url, client: HTTPClientOptions(), timeoutMs: 20_000),
            ExternalAlertmanager(
                url: some.url, client: HTTPClientOptions(), timeoutMs: 20_000,
                alertRules: try Self.rule("{action: keep, source_labels: [n], regex: '.*7'}")),
        ]
        try managers.apply(options)
        managers.notify(
            (0..<1000).map { Alert(labels: Labels([("alertname", "x"), ("n", "\($0)")]), startsAtMs: 0, endsAtMs: 1) })
        managers.stop()
        let counts = all.bodies.withLock { $0.map { $0.elements?.count ?? 0 } }
        #expect(counts.reduce(0, +) == 1000 && counts.allSatisfy { $0 <= 256 })
        #expect(some.bodies.withLock { $0.reduce(0) { $0 + ($1.elements?.count ?? 0) } } == 100)
    }

    @Test func dropsTheOldestWhenTooManyWait() throws {
        let registry = Registry()
        let managers = ExternalAlertmanagers(registry: registry, log: .silent)
        managers.notify([Self.alert])  // nobody gets alerts: nothing waits
        var options = ExternalOptions()
        let standIn = try StandIn()
        options.managers = [ExternalAlertmanager(url: standIn.url, client: HTTPClientOptions(), timeoutMs: 20_000)]
        try managers.apply(options)
        managers.notify(
            (0..<ExternalAlertmanagers.waitingMax + 5).map {
                Alert(labels: Labels([("n", "\($0)")]), startsAtMs: 0, endsAtMs: 1)
            })
        managers.stop()
        let sent = standIn.bodies.withLock { $0.flatMap { $0.elements ?? [] } }
        #expect(sent.count == ExternalAlertmanagers.waitingMax)
        #expect(sent.first?["labels"]?["n"]?.text == "5")
    }
}

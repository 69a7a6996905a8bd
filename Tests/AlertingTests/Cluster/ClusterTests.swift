import Encoding
import HTTP
import Ledger
import Model
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Alerting

/// Two routers that answer each other over HTTP, as two collectors do.
@Suite struct ClusterTests {
    private final class Member: Sendable {
        let router: AlertRouter
        private let server: Server
        let url: String

        init(_ folder: String) throws {
            let router = try AlertRouter(try AlertLedger(directory: folder), registry: Registry(), log: .silent)
            var routes = Router()
            routes.post("/obs/v1/cluster", role: nil) { request, response in
                do {
                    response.send(
                        try router.take(try ClusterUpdate(json: request.body)).json, contentType: ContentType.json)
                } catch {
                    response.refuse(RequestRefusal(.badRequest, "\(error)"))
                }
            }
            server = try Server(ServerOptions(), router: routes, registry: Registry())
            try server.start()
            url = "http://\(try server.listen(on: .loopback(port: 0)))"
            self.router = router
        }

        func join(_ name: String, _ peer: Member, waitMs: Int64) throws {
            var options = ClusterOptions()
            (options.name, options.peers, options.waitMs) = (name, [peer.url], waitMs)
            try router.join(options)
        }

        func apply(_ hook: String) throws {
            let yaml = """
                route: {receiver: hook, group_by: [n], group_wait: 0s, group_interval: 1s, repeat_interval: 12h}
                receivers: [{name: hook, webhook_configs: [{url: '\(hook)'}]}]
                """
            let report = ConfigurationReport()
            let configuration = AlertmanagerConfiguration.read(Array(yaml.utf8).span, file: "a.yml", report)
            #expect(report.errors.isEmpty, "\(report.errors)")
            try router.apply(configuration, NotificationTemplates(), externalURL: "http://obs")
        }

        func stop() {
            router.stop()
            server.stop(drainingAtMostNs: 0)
        }
    }

    private static func alert(_ number: Int) -> Alert {
        let nowMs = SystemTime().wallMs
        return Alert(
            labels: Labels([("alertname", "Down"), ("n", "\(number)")]), startsAtMs: nowMs, endsAtMs: nowMs + 600_000,
            updatedAtMs: nowMs)
    }

    private static func wait(_ what: String, until holds: () -> Bool) throws {
        let never = Monitor(0)
        for _ in 0..<3000 {
            if holds() { return }
            _ = never.wait(atMostNs: 10_000_000) { _ in nil as Int? }
        }
        Issue.record("\(what) does not happen")
    }

    @Test func theFirstTellsAndTheSecondKnowsAndTakesOverWhenTheFirstIsGone() throws {
        let (folderA, folderB) = (TemporaryDirectory(), TemporaryDirectory())
        let (standInA, standInB) = (try StandInReceiver(), try StandInReceiver())
        let (a, b) = (try Member(folderA.path), try Member(folderB.path))
        defer { b.stop() }
        // So long that only the first can have told while it is there.
        try a.join("a", b, waitMs: 60_000)
        try b.join("b", a, waitMs: 60_000)
        try a.apply(standInA.url + "/a")
        try b.apply(standInB.url + "/b")
        try Self.wait("the members know each other") { a.router.members?.count == 1 && b.router.members?.count == 1 }
        for number in 0..<20 {
            for member in [a, b] { try member.router.take([Self.alert(number)]) }
        }
        #expect(standInA.wait(for: 20).count == 20)
        try Self.wait("the second knows what was told") { b.router.state.withLock { $0.log.count } == 20 }
        a.stop()
        try b.router.take([Self.alert(20)])
        // The second is the first now, and tells what nobody has been told.
        let told = standInB.wait(for: 1)
        #expect(told.compactMap { $0.json["groupLabels"]?["n"]?.text } == ["20"])
    }

    @Test func silencesAndAcknowledgementsHoldOnBothAndTheirEndsToo() throws {
        let (folderA, folderB) = (TemporaryDirectory(), TemporaryDirectory())
        let standIn = try StandInReceiver()
        let (a, b) = (try Member(folderA.path), try Member(folderB.path))
        defer { for member in [a, b] { member.stop() } }
        let early = try a.router.put(Self.silence("before"))
        try a.join("a", b, waitMs: 100)
        try b.join("b", a, waitMs: 100)
        for member in [a, b] { try member.apply(standIn.url + "/hook") }
        try Self.wait("what was there before is known") { b.router.silence(early) != nil }
        let id = try b.router.put(Self.silence("later"))
        try Self.wait("what is new is known") { a.router.silence(id)?.comment == "later" }
        try a.router.expire(id)
        try Self.wait("the end is known") { b.router.silence(id)?.state(atMs: SystemTime().wallMs) == .expired }
        for member in [a, b] { try member.router.take([Self.alert(1)]) }
        _ = standIn.wait(for: 1)
        #expect(try a.router.acknowledge([Matcher("n", equals: "1")], by: "anna", note: "").count == 1)
        try Self.wait("the acknowledgement is known") { b.router.acknowledgements.map(\.by) == ["anna"] }
        // Another alert of the group joins nowhere here: it ends, and with it the acknowledgement.
        var over = Self.alert(1)
        over.endsAtMs = SystemTime().wallMs
        for member in [a, b] { try member.router.take([over]) }
        try Self.wait("the end of the acknowledgement is known") {
            a.router.acknowledgements.isEmpty && b.router.acknowledgements.isEmpty
        }
        #expect(try AlertLedger(directory: folderB.path).silences().count == 2)
    }

    @Test func whatIsNewWhileEverythingIsSaidIsSaidNext() throws {
        let heard = Lock<[String]>([])
        var routes = Router()
        routes.post("/obs/v1/cluster", role: nil) { request, response in
            let silences = (try? ClusterUpdate(json: request.body))?.silences ?? []  // none is what the test finds
            heard.withLock { $0 += silences.map(\.comment) }
            response.send(ClusterUpdate().json, contentType: ContentType.json)
        }
        let server = try Server(ServerOptions(), router: routes, registry: Registry())
        try server.start()
        defer { server.stop(drainingAtMostNs: 0) }
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        let itself = Lock<ClusterPeer?>(nil)
        let exchange = ClusterExchange(
            everything: {
                itself.withLock { $0 }?.note(ClusterUpdate(silences: [Self.silence("meanwhile")]))
                return ClusterUpdate()
            }, merge: { _ in }, changed: {})
        let peer = ClusterPeer(
            "http://\(try server.listen(on: .loopback(port: 0)))", own: ClusterMember(name: "a", session: "1"),
            HTTPClientOptions(), exchange, client,
            Registry().counters("messages_total", "Messages.", labels: ["peer", "result"]), .silent)
        itself.withLock { $0 = peer }
        let thread = try OwnedThread(name: "peer") { peer.run() }
        defer {
            peer.stop()
            thread.join()
        }
        try Self.wait("what came meanwhile is said") { heard.withLock { $0 }.contains("meanwhile") }
    }

    @Test func aSilenceThatEndsInTheMillisecondOfItsBirthEndsEverywhere() throws {
        let folder = TemporaryDirectory()
        let time = ManualTime()
        let router = try AlertRouter(
            try AlertLedger(directory: folder.path), registry: Registry(), log: .silent, time: time)
        defer { router.stop() }
        let id = try router.put(Self.silence("short"))
        let born = try #require(router.silence(id)).updatedAtMs
        try router.expire(id)
        #expect(try #require(router.silence(id)).updatedAtMs > born)
    }

    private static func silence(_ comment: String) -> Silence {
        Silence(
            id: "", matchers: [Matcher("n", equals: "9")], startsAtMs: 0, endsAtMs: SystemTime().wallMs + 600_000,
            updatedAtMs: 0, createdBy: "anna", comment: comment)
    }
}

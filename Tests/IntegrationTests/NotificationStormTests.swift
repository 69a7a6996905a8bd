import Alerting
import Encoding
import Foundation
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

/// A collector that is killed again and again while it tells Slack, PagerDuty and a webhook of a storm of alerts, with
/// sides that limit, fail, are slow and do not answer: every alert that it took is told to all three, and none twice
/// unless the collector was killed in between. OBS_STORM_KILLS says how often; a proof does it 100 times.
@Suite struct NotificationStormTests {
    private static let kills = ProcessInfo.processInfo.environment["OBS_STORM_KILLS"].flatMap { Int($0) } ?? 5
    private static let alertsOfRound = 12
    private static let key = String(repeating: "k", count: 32)
    private static let token = "xoxb-stand-in"

    private static func configuration(_ url: String) -> String {
        """
        alertmanager:
          global:
            resolve_timeout: 1h
            slack_app_token: \(token)
            slack_app_url: \(url)/api/chat.postMessage
            pagerduty_url: \(url)/v2/enqueue
          route:
            receiver: all
            group_by: [alertname, n]
            group_wait: 10ms
            group_interval: 1s
            repeat_interval: 12h
          receivers:
          - name: all
            slack_configs: [{channel: '#{{ .GroupLabels.n }}', timeout: 2s}]
            pagerduty_configs: [{routing_key: \(key), class: '{{ .GroupLabels.n }}', severity: critical, timeout: 2s}]
            webhook_configs: [{url: '\(url)/webhook/all', timeout: 2s}]

        """
    }

    @Test func everyAlertIsToldAndTwiceOnlyAcrossAKill() throws {
        var random = SeededGenerator.announced()
        let seed = random.next()
        var options = StandInPagers.Options()
        (options.slackToken, options.routingKey, options.pagesMax) = (Self.token, Self.key, 100_000)
        options.trouble = { number in
            var random = SeededGenerator(seed: seed &+ UInt64(number))
            switch Int.random(in: 0..<100, using: &random) {
            case 0: return .rateLimited(seconds: 1)
            case 1..<4: return .failing
            case 4: return .silent
            case 5..<10: return .slow(ms: 30)
            default: return nil
            }
        }
        let pagers = StandInPagers(options)
        var router = Router()
        pagers.add(to: &router)
        let server = try Server(ServerOptions(), router: router, registry: Registry())
        try server.start()
        defer { server.stop(drainingAtMostNs: 0) }
        let url = "http://\(try server.listen(on: .loopback(port: 0)))"

        let folder = try TemporaryFolder()
        let configuration = try folder.write(Self.configuration(url), to: "obs.yaml")
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        var taken: Set<String> = []
        /// How many pages there were when each collector was gone.
        var gone: [Int] = []
        for round in 0..<Self.kills {
            let obs = try RunningObs("--config", configuration, data: folder.path + "/data")
            for alert in 0..<Self.alertsOfRound {
                let name = "\(round)-\(alert)"
                if try Self.post(name, to: obs.address, client) { taken.insert(name) }
            }
            let before = pagers.pages.count
            let wanted = before + Int.random(in: 0...Self.alertsOfRound * 3, using: &random)
            _ = pagers.wait(atMostNs: 1_500_000_000) { $0.count >= wanted }
            #expect(try obs.end(with: SIGKILL) == -SIGKILL)
            // What was on its way when the collector was killed still comes.
            _ = try PrometheusAnswer.wait("the end of its connections") { server.connectionCount == 0 ? true : nil }
            gone.append(pagers.pages.count)
        }
        let obs = try RunningObs("--config", configuration, data: folder.path + "/data")
        let all = taken
        let isComplete = pagers.wait(atMostNs: 120_000_000_000) { pages in
            Dictionary(grouping: pages, by: \.service).values.count == 3
                && Dictionary(grouping: pages, by: \.service).values.allSatisfy {
                    Set($0.map(Self.name)).isSuperset(of: all)
                }
        }
        let pages = pagers.pages
        for (service, told) in Dictionary(grouping: pages, by: \.service) {
            let missing = taken.subtracting(told.map(Self.name))
            #expect(isComplete && missing.isEmpty, "\(service) was not told of \(missing.sorted())")
        }
        #expect(pagers.faults.isEmpty, "\(pagers.faults)")
        #expect(taken.count >= Self.kills * Self.alertsOfRound / 2)
        // A repetition without a kill in between is a fault of ours.
        var last: [String: Int] = [:]
        var twice = 0
        for page in pages {
            let key = "\(page.service) \(Self.name(page))"
            if let earlier = last[key] {
                twice += 1
                let isAcross = gone.contains { earlier <= $0 && page.number > $0 }
                #expect(
                    isAcross,
                    "\(key) was told twice by one collector: pages \(earlier) and \(page.number), kills at \(gone)")
            }
            last[key] = page.number
        }
        print("\(taken.count) alerts, \(pages.count) pages of them \(twice) repeated across \(Self.kills) kills")
        #expect(try obs.end(with: SIGTERM) == 0)
    }

    /// The alert that a page is about.
    private static func name(_ page: StandInPage) -> String {
        switch page.service {
        case .slack: String(page.channel.dropFirst())
        case .pagerDuty: page.body["payload"]?["class"]?.text ?? ""
        case .webhook: page.body["groupLabels"]?["n"]?.text ?? ""
        }
    }

    private static func post(_ name: String, to address: String, _ client: HTTPClient) throws -> Bool {
        var request = ClientRequest(.post, "http://\(address)/api/v2/alerts")
        request.fields = [("Content-Type", "application/json")]
        request.body = Array("[{\"labels\":{\"alertname\":\"Storm\",\"n\":\"\(name)\"}}]".utf8)
        return try client.answer(to: request).status.rawValue == 200
    }
}

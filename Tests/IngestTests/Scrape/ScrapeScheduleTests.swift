import Encoding
import Model
import Testing

@testable import Ingest

struct ScrapeScheduleTests {
    @Test func turnsAreAtTheSameInstantsWhenTheyAreAskedForLater() {
        let interval: Int64 = 15_000_000_000
        for identity: UInt64 in [0, 1, 77_777_777_777, .max] {
            let first = ScrapeSchedule.firstTurn(of: identity, intervalNs: interval, nowNs: 1_000_000_000_123)
            let later = ScrapeSchedule.firstTurn(of: identity, intervalNs: interval, nowNs: first + 1)
            #expect(later == first + interval)
            #expect(first >= 1_000_000_000_123 && first < 1_000_000_000_123 + interval)
        }
    }

    @Test func targetsAreSpreadOverTheInterval() throws {
        let options = try scrapeOptions("")
        var perTenth = [Int](repeating: 0, count: 10)
        for number in 0..<2000 {
            guard case .kept(let labels) = TargetLabels.make(options, address: "host\(number):9100", group: [:]) else {
                Issue.record("a target was dropped")
                return
            }
            let identity = ScrapeTarget(options, labels).identity
            let turn = ScrapeSchedule.firstTurn(of: identity, intervalNs: 1000, nowNs: 0)
            perTenth[Int(turn) / 100] += 1
        }
        // 200 are expected in each; 140 is more than four standard deviations away.
        #expect(perTenth.allSatisfy { $0 > 140 && $0 < 260 }, "\(perTenth)")
    }

    @Test func timestampsAreThePlannedOnesWithinTwoMilliseconds() {
        #expect(ScrapeTime.timestampMs(plannedNs: 5_000_000_000, nowNs: 5_001_900_000, intervalMs: 15_000) == 5000)
        #expect(ScrapeTime.timestampMs(plannedNs: 5_000_000_000, nowNs: 5_002_100_000, intervalMs: 15_000) == 5002)
        // At most a hundredth of the interval.
        #expect(ScrapeTime.timestampMs(plannedNs: 5_000_000_000, nowNs: 5_001_900_000, intervalMs: 100) == 5001)
    }
}

struct TargetLabelsTests {
    private func verdict(_ configuration: String, _ group: [String: String] = [:]) throws -> TargetLabels.Verdict {
        TargetLabels.make(try scrapeOptions(configuration), address: "a:1", group: group)
    }

    @Test func aTargetHasItsAddressAsInstance() throws {
        guard case .kept(let labels) = try verdict("", ["env": "x", "__meta_y": "z"]) else {
            Issue.record("it was dropped")
            return
        }
        #expect(labels.shown == Labels([("env", "x"), ("instance", "a:1"), ("job", "j")]))
        #expect(labels.discovered["__meta_y"] == "z" && labels.discovered["__scrape_interval__"] == "1m")
        let target = ScrapeTarget(try scrapeOptions(""), labels)
        #expect(target.url == "http://a:1/metrics")
    }

    @Test func labelsDecideHowATargetIsScraped() throws {
        let group = [
            "__scheme__": "https", "__metrics_path__": "/probe", "__param_module": "b c", "__scrape_interval__": "7s",
            "__scrape_timeout__": "3s",
        ]
        let options = try scrapeOptions("params: {module: [a, d], x: ['&']}")
        guard case .kept(let labels) = TargetLabels.make(options, address: "a:1", group: group) else {
            Issue.record("it was dropped")
            return
        }
        let target = ScrapeTarget(options, labels)
        #expect(target.url == "https://a:1/probe?module=b%20c&module=d&x=%26")
        #expect(target.intervalMs == 7000 && target.timeoutMs == 3000)
    }

    @Test func relabellingDropsWithTheLabelsBefore() throws {
        let drop = "relabel_configs: [{source_labels: [env], regex: test, action: drop}]"
        guard case .dropped(let discovered) = try verdict(drop, ["env": "test"]) else {
            Issue.record("it was kept")
            return
        }
        #expect(discovered["env"] == "test" && discovered["__address__"] == "a:1")
    }

    @Test(
        arguments: [
            ("__address__", ""), ("__address__", "http://a/b"), ("__scrape_interval__", "0s"),
            ("__scrape_interval__", "often"), ("__scrape_timeout__", "2h"),
        ])
    func labelsThatNoTargetCanHaveAreAProblem(_ name: String, _ value: String) throws {
        let replacement = "{target_label: \(name), replacement: '\(value)'}"
        guard case .wrong(let reason) = try verdict("relabel_configs: [\(replacement)]") else {
            Issue.record("it was taken")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test func whatIsAskedForHasFallingWeights() throws {
        #expect(
            try scrapeOptions("scrape_protocols: [PrometheusText1.0.0, PrometheusText0.0.4]").acceptField
                == "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4")
    }
}

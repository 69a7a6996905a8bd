import Encoding
import HTTP
import Ledger
import Model
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Alerting

/// What a preview says is what a silence mutes when the same alerts fire once more.
@Suite struct SilencePreviewTests {
    private struct Story {
        var labels: Labels
        /// When it fired, in minutes of the week.
        var firings: [Range<Int64>]
    }

    private static let weekMinutes: Int64 = 7 * 24 * 60

    private static func stories(_ random: inout SeededGenerator) -> [Story] {
        (0..<30).map { number in
            let labels = Labels([
                ("alertname", "Alert\(number % 7)"), ("n", "\(number)"),
                ("team", ["a", "b", "c"].randomElement(using: &random)!),
                ("severity", ["page", "warn"].randomElement(using: &random)!),
            ])
            var firings: [Range<Int64>] = []
            var minute: Int64 = .random(in: 0...3000, using: &random)
            while minute < weekMinutes, Int.random(in: 0..<4, using: &random) > 0 {
                let end = minute + .random(in: 1...2000, using: &random)
                firings.append(minute..<end)
                minute = end + .random(in: 1...3000, using: &random)
            }
            return Story(labels: labels, firings: firings)
        }
    }

    private static func silences() throws -> [[Matcher]] {
        [
            [Matcher("team", equals: "a")], [Matcher("team", equals: "b"), Matcher("severity", equals: "page")],
            [Matcher("alertname", equals: "Alert3")],
            [try Matcher("severity", .notEqual, "page"), try Matcher("alertname", .matches, ".+")],
        ]
    }

    @Test func itSaysWhatTheSilenceMutesInAReplay() throws {
        var random = SeededGenerator.announced()
        let stories = Self.stories(&random)
        for matchers in try Self.silences() {
            let preview = try Self.preview(stories, matchers)
            #expect(Set(preview.muted.map(\.labels)) == (try Self.mutedInReplay(stories, matchers)))
            let fired = stories.filter { !$0.firings.isEmpty }
            #expect(preview.alerts == fired.count)
            for muted in preview.muted {
                let firings = try #require(fired.first { $0.labels == muted.labels }).firings
                #expect(muted.firings == firings.count)
                let minutes = firings.reduce(0) { $0 + min($1.upperBound, Self.weekMinutes) - $1.lowerBound }
                #expect(muted.firingMs == minutes * 60_000, "\(muted.labels): \(firings)")
            }
        }
    }

    /// By what the ledger has of the week; what fires at its end has no end there.
    private static func preview(_ stories: [Story], _ matchers: [Matcher]) throws -> SilencePreview {
        let folder = TemporaryDirectory()
        let ledger = try AlertLedger(directory: folder.path)
        let router = try AlertRouter(ledger, registry: Registry(), log: .silent)
        defer { router.stop() }
        let endMs = SystemTime().wallMs
        let startMs = endMs - weekMinutes * 60_000
        var events: [AlertEvent] = []
        for story in stories {
            for firing in story.firings {
                events.append(
                    AlertEvent(atMs: startMs + firing.lowerBound * 60_000, kind: .firing, labels: story.labels))
                guard firing.upperBound < weekMinutes else { continue }
                events.append(
                    AlertEvent(atMs: startMs + firing.upperBound * 60_000, kind: .resolved, labels: story.labels))
            }
        }
        try ledger.record(events.sorted { $0.atMs < $1.atMs })
        try router.apply(.showingOnly, NotificationTemplates(), externalURL: "")
        try router.take(
            stories.compactMap { story in
                guard let last = story.firings.last, last.upperBound >= weekMinutes else { return nil }
                return Alert(
                    labels: story.labels, startsAtMs: startMs + last.lowerBound * 60_000, endsAtMs: endMs + 600_000,
                    updatedAtMs: endMs)
            })
        return try router.preview(matchers, fromMs: startMs, toMs: endMs)
    }

    /// Everything that fired, once more, under the silence: whoever is not told of is muted.
    private static func mutedInReplay(_ stories: [Story], _ matchers: [Matcher]) throws -> Set<Labels> {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let router = try AlertRouter(try AlertLedger(directory: folder.path), registry: Registry(), log: .silent)
        defer { router.stop() }
        let yaml = """
            route: {receiver: hook, group_by: ['...'], group_wait: 0s}
            receivers: [{name: hook, webhook_configs: [{url: '\(standIn.url)/hook'}]}]
            """
        let report = ConfigurationReport()
        let configuration = AlertmanagerConfiguration.read(Array(yaml.utf8).span, file: "a.yml", report)
        #expect(report.errors.isEmpty)
        try router.apply(configuration, NotificationTemplates(), externalURL: "")
        let nowMs = SystemTime().wallMs
        _ = try router.put(
            Silence(
                id: "", matchers: matchers, startsAtMs: 0, endsAtMs: nowMs + 3_600_000, updatedAtMs: 0,
                createdBy: "anna", comment: ""))
        let fired = Set(stories.filter { !$0.firings.isEmpty }.map(\.labels))
        // One more at the end that nobody silences: when it was told, all the others were.
        let last = Labels([("alertname", "Last"), ("severity", "page")])
        for labels in fired.sorted(by: <) + [last] {
            try router.take([
                Alert(labels: labels, startsAtMs: nowMs, endsAtMs: nowMs + 600_000, updatedAtMs: nowMs)
            ])
        }
        _ = router.state.wait(atMostNs: 20_000_000_000) { state in
            state.groups.values.allSatisfy { $0.wasFlushed && $0.flush == nil } ? () : nil
        }
        let told = standIn.all.map { got in
            Labels((got.json["groupLabels"]?.members ?? []).map { ($0.name, $0.value.text ?? "") })
        }
        #expect(told.contains(last))
        return fired.subtracting(told)
    }
}

package import Ledger
package import Model
import Posix

/// What a silence would have kept from people, by what happened.
package struct SilencePreview: Sendable {
    /// An alert that would have been silent.
    package struct Muted: Sendable {
        package var labels: Labels
        /// How often it began to fire.
        package var firings: Int
        package var firingMs: Int64
    }

    package var muted: [Muted]
    /// Alerts that fired at all.
    package var alerts: Int

    /// A silence that would have muted more than half of everything, and more than a few, is probably not what is meant.
    package var isTooBroad: Bool { muted.count > Self.fewMax && muted.count * 2 > alerts }

    private static let fewMax = 5
}

extension AlertRouter {
    /// What fired in a time and matches.
    package func preview(
        _ matchers: [Matcher], fromMs: Int64, toMs: Int64
    ) throws(LedgerError) -> SilencePreview {
        struct Story {
            var firings = 0
            var firingMs: Int64 = 0
            var sinceMs: Int64?
        }
        var stories: [Labels: Story] = [:]
        for event in try ledger.events(fromMs: fromMs, toMs: toMs) {
            switch event.kind {
            case .firing:
                stories[event.labels, default: Story()].firings += 1
                stories[event.labels]?.sinceMs = event.atMs
            case .resolved:
                // What fired before the time began counts from its beginning.
                var story = stories[event.labels] ?? Story(firings: 1, firingMs: 0, sinceMs: fromMs)
                story.firingMs += event.atMs - (story.sinceMs ?? event.atMs)
                story.sinceMs = nil
                stories[event.labels] = story
            default: continue
            }
        }
        for held in state.withLock({ $0.alerts.values.map(\.alert) }) where held.endsAtMs > toMs {
            if stories[held.labels]?.sinceMs == nil {
                stories[held.labels, default: Story()].firings += 1
                stories[held.labels]?.sinceMs = max(fromMs, held.startsAtMs)
            }
        }
        let muted = stories.filter { $0.key.match(matchers) }.map { labels, story in
            SilencePreview.Muted(
                labels: labels, firings: story.firings,
                firingMs: story.firingMs + (story.sinceMs.map { max(0, toMs - $0) } ?? 0))
        }
        return SilencePreview(
            muted: muted.sorted { $0.firingMs == $1.firingMs ? $0.labels < $1.labels : $0.firingMs > $1.firingMs },
            alerts: stories.count)
    }
}

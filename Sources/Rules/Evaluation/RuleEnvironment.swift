package import LogQL
package import Model
package import PromQL
package import Storage
package import Telemetry
import Text

/// What rules are evaluated with.
package struct RuleEnvironment: Sendable {
    package var engine: Engine
    package var store: any MetricStore
    /// Answers rules that ask logs; nil where none are kept.
    package var logs: LogEngine?
    package var context = RuleTemplateContext()
    /// Takes the alerts that are to be told, with their times.
    package var notify: @Sendable ([Alert]) -> Void = { _ in }
    /// Takes what happened to alerts, for their story.
    package var record: @Sendable ([AlertEvent]) -> Void = { _ in }
    package var options = RuleOptions()
    /// Of the time that goes into what was missed.
    package var gaps = GapBudget()
    package var log = Logger.silent

    package init(engine: Engine, store: any MetricStore) {
        self.engine = engine
        self.store = store
    }
}

package struct RuleOptions: Sendable {
    /// How often groups are evaluated that do not say.
    package var intervalMs: Int64 = 60_000
    /// How far in the past groups are evaluated that do not say.
    package var queryOffsetMs: Int64 = 0
    /// How often a firing alert is told again.
    package var resendMs: Int64 = 60_000
    /// Alerts that were pending before a restart wait at least this long before they fire.
    package var graceMs: Int64 = 10 * 60_000
    /// The longest outage after which alerts go on where they stood.
    package var outageMs: Int64 = 60 * 60_000
    /// The most instants at which a group is evaluated that were missed.
    package var gapInstantsMax = 1000
    /// How long after the start what was missed is made up for: agents deliver what they kept meanwhile.
    package var settleMs: Int64 = 60_000
    /// Independent rules are evaluated at once in groups that take this long: waking threads costs about 40 us.
    package var concurrentFromNs: Int64 = 20_000_000

    package init() {}
}

/// A rule that could not be evaluated.
package struct RuleFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

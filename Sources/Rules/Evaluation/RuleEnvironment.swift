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

    package init() {}
}

/// A rule that could not be evaluated.
package struct RuleFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

import HTTP
import LogQL
import Model
import Posix
import PromQL
import Rules
import Storage
import Telemetry
import Web

/// The rules at work: evaluated over the metric store, asked through the API, replaced by a reload.
final class RuleBackend: Sendable {
    /// Groups that are evaluated at once.
    private static let evaluatorsMax = 8

    private let scheduler: RuleScheduler
    private let engine: Engine
    private let store: any MetricStore
    private let logs: LogEngine
    private let externalURL: String
    private let log: Logger
    private let notify: @Sendable ([Alert]) -> Void
    private let record: @Sendable ([AlertEvent]) -> Void

    /// - Parameters:
    ///   - externalURL: where people reach the server, without a slash at the end.
    ///   - notify: takes the alerts that are to be told.
    ///   - record: takes what happened to alerts.
    init(
        _ metrics: MetricBackend, _ logs: LogEngine, externalURL: String, registry: Registry, log: Logger,
        time: any TimeSource,
        notify: @escaping @Sendable ([Alert]) -> Void, record: @escaping @Sendable ([AlertEvent]) -> Void
    ) throws(SystemError) {
        scheduler = try RuleScheduler(
            evaluators: min(max(2, Machine.processors), Self.evaluatorsMax), registry: registry, time: time)
        (engine, store, self.logs) = (metrics.engine, metrics.metricStore, logs)
        (self.externalURL, self.log, self.notify, self.record) = (externalURL, log, notify, record)
    }

    /// Puts the rules of a configuration in force.
    func apply(_ configuration: Configuration) {
        var environment = RuleEnvironment(engine: engine, store: store)
        environment.logs = logs
        environment.options.intervalMs = configuration.global.evaluationIntervalMs
        environment.options.queryOffsetMs = configuration.global.ruleQueryOffsetMs
        environment.context.externalLabels = configuration.global.externalLabels.map { ($0.key, $0.value) }
            .sorted { $0.key < $1.key }
        environment.context.externalURL = externalURL
        environment.notify = notify
        environment.record = record
        environment.log = log
        scheduler.replace(configuration.ruleGroups, environment)
    }

    func add(to router: inout Router, pool: HandlerPool) {
        RulesAPI(pool: pool) { [scheduler] in scheduler.statuses }.add(to: &router)
        LokiRulesAPI(pool: pool) { [scheduler] in scheduler.statuses }.add(to: &router)
    }

    func stop() { scheduler.stop() }
}

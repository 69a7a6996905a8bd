import Alerting
import HTTP
import Ingest
import Ledger
import Model
import Posix
import Telemetry
import Web

/// Where alerts go: to the receivers of `alertmanager`, and to the Alertmanagers that `alerting` names.
final class AlertDelivery: Sendable {
    /// Requests of the API at once, and how many may wait.
    private static let threads = 2
    private static let waitingMax = 256

    private let external: ExternalAlertmanagers
    private let ledger: AlertLedger
    private let router: AlertRouter
    private let pool: HandlerPool
    private let options = Lock(ExternalOptions())
    private let shown = Lock("")
    private let externalURL: String
    private let log: Logger
    private let time: any TimeSource

    /// - Parameters:
    ///   - directory: of the ledger.
    ///   - externalURL: where people reach the server, without a slash at the end.
    init(
        directory: String, externalURL: String, registry: Registry, log: Logger, time: any TimeSource
    ) throws {
        external = ExternalAlertmanagers(registry: registry, log: log, time: time)
        ledger = try AlertLedger(directory: directory)
        router = try AlertRouter(ledger, registry: registry, log: log, time: time)
        pool = try HandlerPool(name: "alerts", threads: Self.threads, waitingMax: Self.waitingMax)
        (self.externalURL, self.log, self.time) = (externalURL, log, time)
    }

    /// What rules hand their alerts to.
    var notify: @Sendable ([Alert]) -> Void {
        { [self] alerts in
            external.notify(alerts)
            let prepared = options.withLock { options in alerts.compactMap(options.prepared) }
            do throws(LedgerError) {
                try router.take(prepared)
            } catch {
                // They are in memory and are told; the rule repeats them.
                log.error("alerts cannot be written down", ["error": .error(error)])
            }
        }
    }

    /// What rules hand the stories of their alerts to.
    var record: @Sendable ([AlertEvent]) -> Void {
        { [ledger, log] events in
            do throws(LedgerError) {
                try ledger.record(events)
            } catch {
                log.error("what happened to alerts cannot be written down", ["error": .error(error)])
            }
        }
    }

    func apply(_ configuration: Configuration) throws(SystemError) {
        var options = ExternalOptions()
        options.managers = configuration.alerting.managers.flatMap(\.targets)
        options.externalLabels = configuration.global.externalLabels.map { ($0.key, $0.value) }
        options.alertRules = configuration.alerting.alertRules
        self.options.withLock { [options] in $0 = options }
        try external.apply(options)
        try router.join(configuration.cluster)
        let source = configuration.alertmanager
        shown.withLock { $0 = source?.shownYAML ?? "" }
        try router.apply(
            source?.configuration ?? .showingOnly, source?.templates ?? NotificationTemplates(),
            externalURL: externalURL)
    }

    func add(to routes: inout Router) {
        let (time, shown) = (time, shown)
        let facts = AlertmanagerFacts(
            version: Version.current, revision: Version.revision, startedMs: time.wallMs, nowMs: { time.wallMs },
            configuration: { shown.withLock { $0 } })
        AlertmanagerAPI(router, pool: pool, facts: facts).add(to: &routes)
        AlertStoryAPI(router, pool: pool, nowMs: { time.wallMs }).add(to: &routes)
        ClusterAPI(router, pool: pool).add(to: &routes)
        AlertmanagersAPI { [external] in external.urls }.add(to: &routes)
    }

    func backUp(to folder: String) throws(LedgerError) { try ledger.backUp(to: folder) }

    /// After the server has stopped taking requests, and the rules are evaluated no more.
    func stop() {
        pool.stop()
        router.stop()
        external.stop()
    }
}

extension AlertmanagerOptions {
    /// Those that are named in the file itself.
    fileprivate var targets: [ExternalAlertmanager] {
        discoveries.flatMap { discovery -> [ExternalAlertmanager] in
            guard case .fixed(let groups) = discovery else { return [] }
            return groups.flatMap { group in group.targets.compactMap { target($0, group.labels) } }
        }
    }

    private func target(_ address: String, _ labels: [String: String]) -> ExternalAlertmanager? {
        var builder = LabelsBuilder()
        builder.set("__scheme__", scheme)
        builder.set("__alerts_path__", pathPrefix + "/api/v2/alerts")
        for (name, value) in labels { builder.set(name, value) }
        builder.set("__address__", address)
        guard targetRules.apply(to: &builder) else { return nil }
        var path = builder.value(of: "__alerts_path__")
        if !path.hasPrefix("/") { path = "/" + path }
        return ExternalAlertmanager(
            url: "\(builder.value(of: "__scheme__"))://\(builder.value(of: "__address__"))\(path)", client: client,
            timeoutMs: timeoutMs, alertRules: alertRules)
    }
}

import Alerting
import Ingest
import Model
import Posix
import Telemetry

/// Where alerts go: the Alertmanagers that the configuration names under `alerting`.
final class AlertDelivery: Sendable {
    private let external: ExternalAlertmanagers

    init(registry: Registry, log: Logger, time: any TimeSource) {
        external = ExternalAlertmanagers(registry: registry, log: log, time: time)
    }

    /// What rules hand their alerts to.
    var notify: @Sendable ([Alert]) -> Void { { [external] in external.notify($0) } }

    func apply(_ configuration: Configuration) throws(SystemError) {
        var options = ExternalOptions()
        options.managers = configuration.alerting.managers.flatMap(\.targets)
        options.externalLabels = configuration.global.externalLabels.map { ($0.key, $0.value) }
        options.alertRules = configuration.alerting.alertRules
        try external.apply(options)
    }

    func stop() { external.stop() }
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

package import HTTP
package import Model

/// An Alertmanager on another server that gets the alerts.
package struct ExternalAlertmanager: Sendable {
    /// With `/api/v2/alerts`.
    package var url: String
    package var client: HTTPClientOptions
    package var timeoutMs: Int64
    /// Applied to the labels of each alert that goes there; an alert that they drop is not sent.
    package var alertRules: [RelabelRule]

    package init(url: String, client: HTTPClientOptions, timeoutMs: Int64, alertRules: [RelabelRule] = []) {
        self.url = url
        self.client = client
        self.timeoutMs = timeoutMs
        self.alertRules = alertRules
    }
}

/// Who gets the alerts, and what is done to all of them before.
package struct ExternalOptions: Sendable {
    package var managers: [ExternalAlertmanager] = []
    /// Set on alerts that do not have them.
    package var externalLabels: [(name: String, value: String)] = []
    package var alertRules: [RelabelRule] = []

    package init() {}

    /// The alert as it leaves; nil where the rules drop it.
    package func prepared(_ alert: Alert) -> Alert? {
        var builder = LabelsBuilder(alert.labels)
        for label in externalLabels where builder.value(of: label.name).isEmpty { builder.set(label.name, label.value) }
        guard alertRules.apply(to: &builder) else { return nil }
        var prepared = alert
        prepared.labels = builder.labels()
        return prepared
    }
}

extension ExternalAlertmanager {
    /// The alert as it reaches this one; nil where it is not to.
    func prepared(_ alert: Alert) -> Alert? {
        if alertRules.isEmpty { return alert }
        var builder = LabelsBuilder(alert.labels)
        guard alertRules.apply(to: &builder) else { return nil }
        var prepared = alert
        prepared.labels = builder.labels()
        return prepared
    }
}

import Model

extension Stage {
    /// Alerts that somebody has silenced.
    static let silenceStage = Stage(name: "silence") { alerts, view in
        alerts.filter { view.silences.silencing($0.alert.labels, atMs: view.nowMs).isEmpty }
    }
}

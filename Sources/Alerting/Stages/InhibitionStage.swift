import Model

extension Stage {
    /// Alerts that another one explains.
    static let inhibitionStage = Stage(name: "inhibition") { alerts, view in
        alerts.filter { view.inhibition.mutes($0.alert.labels, atMs: view.nowMs).isEmpty }
    }
}

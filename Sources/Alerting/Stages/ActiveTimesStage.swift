extension Stage {
    /// A route that speaks only at certain times.
    static let activeTimesStage = Stage(name: "active_time_interval") { alerts, view in
        let times = view.route.activeTimes
        if times.isEmpty || times.contains(where: { view.holds($0) }) { return alerts }
        view.mutedBy = times
        return []
    }
}

extension Stage.View {
    /// Whether the moment lies in an interval.
    func holds(_ name: String) -> Bool { (intervals[name] ?? []).contains { $0.contains(nowMs) } }
}

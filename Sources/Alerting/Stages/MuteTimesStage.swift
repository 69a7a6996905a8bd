extension Stage {
    /// A route that is silent at certain times.
    static let muteTimesStage = Stage(name: "mute_time_interval") { alerts, view in
        let mutes = view.route.muteTimes.filter { view.holds($0) }
        if mutes.isEmpty { return alerts }
        view.mutedBy = mutes
        return []
    }
}

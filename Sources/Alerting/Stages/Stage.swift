import Model

/// A step on the way from a group to its receivers that may hold alerts back.
struct Stage: Sendable {
    /// What a stage may look at.
    struct View {
        let route: Route
        let intervals: [String: [TimeInterval]]
        let inhibition: InhibitionIndex
        let silences: SilenceBook
        let nowMs: Int64
        /// Set by a stage that holds the whole group back.
        var mutedBy: [String] = []
    }

    /// The reason in metrics.
    let name: String
    /// What goes on.
    let pass: @Sendable ([Notification.Entry], inout View) -> [Notification.Entry]

    /// In the order in which alerts go through them; a file beside this one and a line here for each.
    static let all: [Stage] = [inhibitionStage, activeTimesStage, muteTimesStage, silenceStage]
}

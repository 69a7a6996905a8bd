/// From which number on series were made within the last hour: one mark for each minute in which one was made.
struct CreationPace: Sendable {
    private static let minuteMs: Int64 = 60_000
    private static let minutesMax: Int64 = 60

    private let startedMs: Int64
    private var marks: [(minute: Int64, firstID: UInt64)] = []

    init(nowMs: Int64) { startedMs = nowMs }

    mutating func note(_ id: UInt64, nowMs: Int64) {
        let minute = nowMs / Self.minuteMs
        if let last = marks.last, last.minute >= minute { return }
        marks.removeAll { $0.minute < minute - Self.minutesMax }
        marks.append((minute, id))
    }

    /// The first series of the hour that ends now (`UInt64.max` for none), and when that hour began.
    func lastHour(nowMs: Int64) -> (firstID: UInt64, sinceMs: Int64) {
        let sinceMinute = nowMs / Self.minuteMs - Self.minutesMax
        let first = marks.first { $0.minute >= sinceMinute }
        return (first?.firstID ?? .max, max(startedMs, sinceMinute * Self.minuteMs))
    }
}

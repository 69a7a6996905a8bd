import Encoding
import Foundation
import Model
import Posix
import TestSupport
import Testing

@testable import Alerting

/// Mute intervals through both changes of the clocks in three zones, every five minutes, against the calendar of
/// Foundation: what is muted is what the clock on the wall says.
@Suite struct ClockChangeTests {
    /// Instants of 2026 at which the clocks change, one of them by half an hour.
    private static let changes: [(zone: String, moments: [String])] = [
        ("Europe/Berlin", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
        ("America/New_York", ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]),
        ("Australia/Lord_Howe", ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]),
    ]

    @Test(arguments: changes.indices)
    func whatIsMutedIsWhatTheClockOnTheWallSays(_ index: Int) throws {
        let (zone, moments) = Self.changes[index]
        var calendar = Calendar(identifier: .gregorian)
        let place = Foundation.TimeZone(identifier: zone)
        calendar.timeZone = try #require(place)
        var random = SeededGenerator.announced()
        for moment in moments {
            let changeMs = try #require(RFC3339.ms(moment))
            let change = Date(timeIntervalSince1970: Double(changeMs) / 1000)
            #expect(
                calendar.timeZone.secondsFromGMT(for: change) != calendar.timeZone.secondsFromGMT(for: change - 1),
                "the clocks of \(zone) do not change at \(moment)")
            for _ in 0..<12 {
                let (first, second) = (
                    Int.random(in: 0..<1440, using: &random), Int.random(in: 0..<1440, using: &random)
                )
                guard first != second else { continue }
                let minutes = min(first, second)..<max(first, second)
                let weekday = Int.random(in: 0...6, using: &random)
                let weekdays = Bool.random(using: &random) ? weekday...weekday : 0...weekday
                let days = Int.random(in: 1...31, using: &random)...31
                var interval = try Self.interval(zone, minutes, weekdays, days)
                if Bool.random(using: &random) { interval.daysOfMonth = [] }
                for step in -300...300 {
                    let ms = changeMs + Int64(step) * 300_000
                    let wall = calendar.dateComponents(
                        [.hour, .minute, .weekday, .day], from: Date(timeIntervalSince1970: Double(ms) / 1000))
                    let expected =
                        minutes.contains(wall.hour! * 60 + wall.minute!) && weekdays.contains(wall.weekday! - 1)
                        && (interval.daysOfMonth.isEmpty || days.contains(wall.day!))
                    #expect(
                        interval.contains(ms) == expected,
                        "\(zone), \(minutes), weekdays \(weekdays), days \(days): \(GoTime(ms: ms)) is \(wall)")
                }
            }
        }
    }

    private static func interval(
        _ zone: String, _ minutes: Range<Int>, _ weekdays: ClosedRange<Int>, _ days: ClosedRange<Int>
    ) throws -> Alerting.TimeInterval {
        func clock(_ minute: Int) -> String { String(format: "%02d:%02d", minute / 60, minute % 60) }
        let names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
        let yaml = """
            times: [{start_time: '\(clock(minutes.lowerBound))', end_time: '\(clock(minutes.upperBound))'}]
            weekdays: ['\(names[weekdays.lowerBound]):\(names[weekdays.upperBound])']
            days_of_month: ['\(days.lowerBound):\(days.upperBound)']
            location: \(zone)
            """
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "t.yml", report: report)
        let section = try #require(reader.section(reader.document(Array(yaml.utf8).span)!, "time interval"))
        let interval = TimeIntervalReader { (name) throws(Model.TimeZone.Failure) in
            try Model.TimeZone.named(name, in: LocalFileSystem())
        }.interval(section)
        #expect(report.errors == [])
        return interval
    }
}

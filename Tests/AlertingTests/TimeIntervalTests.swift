import Encoding
import Model
import Posix
import Testing

@testable import Alerting

@Suite struct TimeIntervalTests {
    private static func interval(_ yaml: String) -> (interval: TimeInterval, errors: [String]) {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "t.yml", report: report)
        let text = Array(yaml.utf8)
        let section = reader.section(reader.document(text.span)!, "time interval")!
        let interval = TimeIntervalReader { (name) throws(TimeZone.Failure) in
            try TimeZone.named(name, in: LocalFileSystem())
        }.interval(section)
        return (interval, report.errors.map(\.description))
    }

    @Test(arguments: [
        ("weekdays: ['monday:friday', sunday]", "2026-11-20T12:00:00Z", true),
        ("weekdays: ['monday:friday', sunday]", "2026-11-21T12:00:00Z", false),
        ("weekdays: ['monday:friday', sunday]", "2026-11-22T12:00:00Z", true),
        ("times: [{start_time: '09:00', end_time: '17:00'}]", "2026-11-20T09:00:00Z", true),
        ("times: [{start_time: '09:00', end_time: '17:00'}]", "2026-11-20T17:00:00Z", false),
        ("times: [{start_time: '22:00', end_time: '24:00'}]", "2026-11-20T23:59:59Z", true),
        ("days_of_month: ['-1']", "2028-02-29T00:00:00Z", true),
        ("days_of_month: ['-1']", "2028-02-28T00:00:00Z", false),
        ("days_of_month: ['31']", "2026-11-30T00:00:00Z", false),
        ("days_of_month: ['1:7', '-3:-1']", "2026-11-28T00:00:00Z", true),
        ("months: ['december:december', '1']", "2026-01-05T00:00:00Z", true),
        ("months: [december]", "2026-11-05T00:00:00Z", false),
        ("years: ['2020:2025']", "2026-01-01T00:00:00Z", false),
        (
            "{weekdays: [friday], times: [{start_time: '00:00', end_time: '01:00'}], location: Australia/Sydney}",
            "2026-11-19T13:30:00Z", true
        ),
        (
            "{weekdays: [friday], times: [{start_time: '00:00', end_time: '01:00'}], location: Australia/Sydney}",
            "2026-11-20T00:30:00Z", false
        ),
    ])
    func holdsWhenEachKindHolds(yaml: String, moment: String, holds: Bool) throws {
        let result = Self.interval(yaml)
        #expect(result.errors == [])
        #expect(result.interval.contains(try #require(RFC3339.ms(moment))) == holds)
    }

    /// Nine to ten by the clock of the place, in UTC before and after each change of 2026.
    @Test(arguments: [
        ("Europe/Berlin", "2026-03-28T08:30:00Z", "2026-03-29T07:30:00Z"),
        ("Europe/Berlin", "2026-10-24T07:30:00Z", "2026-10-25T08:30:00Z"),
        ("America/New_York", "2026-03-07T14:30:00Z", "2026-03-08T13:30:00Z"),
        ("America/New_York", "2026-10-31T13:30:00Z", "2026-11-01T14:30:00Z"),
        ("Australia/Sydney", "2026-04-03T22:30:00Z", "2026-04-04T23:30:00Z"),
        ("Australia/Sydney", "2026-10-02T23:30:00Z", "2026-10-03T22:30:00Z"),
    ])
    func followsTheClockThroughItsChanges(zone: String, before: String, after: String) throws {
        let result = Self.interval("{times: [{start_time: '09:00', end_time: '10:00'}], location: \(zone)}")
        #expect(result.errors == [])
        for moment in [before, after] {
            let ms = try #require(RFC3339.ms(moment))
            #expect(result.interval.contains(ms), "\(moment)")
            #expect(!result.interval.contains(ms - 3_600_000) && !result.interval.contains(ms + 3_600_000))
        }
    }

    @Test(arguments: [
        "weekdays: [funday]", "times: [{start_time: '17:00', end_time: '09:00'}]",
        "times: [{start_time: '9:00', end_time: '10:00'}]",
        "days_of_month: ['0']", "days_of_month: ['-1:3']", "months: ['13']", "years: ['2026:2020']",
        "location: Mars/Olympus",
        "location: ../../etc/passwd",
    ])
    func refusesWhatNeverHolds(yaml: String) {
        #expect(Self.interval(yaml).errors.count == 1)
    }
}

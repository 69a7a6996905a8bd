import Model
import Posix
import TestSupport
import Testing
import Text

@testable import Alerting

/// What the functions give is what Go's packages document of those that Alertmanager takes them from.
@Suite struct NotificationFunctionTests {
    private static func text(_ template: String) throws -> String {
        let notification = Notification(
            groupKey: "{}", groupLabels: [], receiver: "team", alerts: [], reason: .first, externalURL: "http://obs",
            nowMs: 0)
        return try NotificationTemplates().writer(for: notification).text(template)
    }

    @Test(arguments: [
        (#"{{ toDate "2006-01-02" "2026-11-21" | date "02 Jan 2006" }}"#, "21 Nov 2026"),
        (#"{{ (mustToDate "2006-01-02 15:04 MST" "2026-11-21 08:30 UTC").Unix }}"#, "1795249800"),
        (#"{{ toDate "15:04" "10:30" | date "2006 15:04" }}"#, "0000 10:30"),
        (#"{{ (toDate "2006-01-02" "no date").IsZero }}"#, "true"),
        (#"{{ (mustToDate "2006-01-02" "9999-12-31").Unix }}"#, "253402214400"),
        (#"{{ toDate "2006-01-02T15:04:05Z07:00" "2026-11-21T08:30:00+01:00" | tz "UTC" | date "15:04" }}"#, "07:30"),
    ])
    func readsMoments(template: String, expected: String) throws {
        #expect(try Self.text(template) == expected)
    }

    @Test func aTextThatIsNoMomentIsAnErrorWhereItMustBeOne() {
        #expect(throws: TemplateError.self) { try Self.text(#"{{ mustToDate "2006-01-02" "no date" }}"#) }
    }
}

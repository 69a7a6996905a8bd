import Foundation
import Testing
import Text

@testable import Model

/// The examples of the documentation of Go's package time.
@Suite struct GoTimeTests {
    private static let moment = GoTime(ms: 1_435_065_584_128)

    @Test(arguments: [
        ("2006-01-02T15:04:05Z07:00", "2015-06-23T13:19:44Z"), ("Mon Jan _2 15:04:05 2006", "Tue Jun 23 13:19:44 2015"),
        ("02 Jan 06 15:04 -0700", "23 Jun 15 13:19 +0000"),
        ("Monday, 02-Jan-06 15:04:05 MST", "Tuesday, 23-Jun-15 13:19:44 UTC"),
        ("3:04PM", "1:19PM"), ("3:04pm", "1:19pm"), ("15:04:05.000", "13:19:44.128"), ("05.999999", "44.128"),
        ("05,00", "44,12"), ("002", "174"), ("January Janet", "June Janet"),
        ("2006-01-02 15:04:05.999999999 -0700 MST", "2015-06-23 13:19:44.128 +0000 UTC"),
        ("1/2/06 3:4:5", "6/23/15 1:19:44"), ("__2", "174"),
    ])
    func layoutsAreFollowed(layout: String, expected: String) {
        #expect(Self.moment.formatted(layout) == expected)
    }

    @Test func zonesAreShown() throws {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/America/New_York")))
        let zone = try Model.TimeZone(name: "America/New_York", bytes: bytes)
        let moment = GoTime(ms: Self.moment.ms, zone: zone)
        #expect(
            moment.formatted("2006-01-02T15:04:05Z07:00 MST -0700 -07") == "2015-06-23T09:19:44-04:00 EDT -0400 -04")
    }

    @Test(
        arguments: [
            (0, "0s"), (1, "1ns"), (1100, "1.1µs"), (2_200_000, "2.2ms"), (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"), (18_367_001_000_000, "5h6m7.001s"), (480_000_000_001, "8m0.000000001s"),
            (-1, "-1ns"),
        ] as [(Int64, String)])
    func durationsAreWrittenAsGoDoes(nanoseconds: Int64, expected: String) {
        #expect(GoDuration(nanoseconds: nanoseconds).text == expected)
    }

    @Test func methodsAnswerAsGoDoes() throws {
        func render(_ text: String) throws -> String {
            try TemplateSet(functions: []).render(text, named: "t", .object(Self.moment))
        }
        #expect(try render("{{ . }}") == "2015-06-23 13:19:44.128 +0000 UTC")
        #expect(
            try render("{{ .Year }} {{ .Month }} {{ .Day }} {{ .Weekday }} {{ .Unix }} {{ .YearDay }}")
                == "2015 June 23 Tuesday 1435065584 174")
        #expect(try render("{{ (.Sub .).Seconds }} {{ .After . }} {{ .Format \"15h\" }}") == "0 false 13h")
        #expect(throws: TemplateError.self) { try render("{{ .Format }}") }
        #expect(throws: TemplateError.self) { try render("{{ .Century }}") }
    }
}

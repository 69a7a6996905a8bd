import Foundation
import TestSupport
import Testing

@testable import Model

@Suite struct TimeZoneTests {
    private static func zone(_ name: String) throws -> Model.TimeZone {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/" + name)))
        return try Model.TimeZone(name: name, bytes: bytes)
    }

    /// Foundation reads the same database with code of its own.
    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Sao_Paulo",
        "Africa/Casablanca",
        "Pacific/Chatham", "Europe/Dublin", "Asia/Tehran", "UTC",
    ])
    func offsetsAgreeWithFoundationFrom1970To2100(name: String) throws {
        let zone = try Self.zone(name)
        let known = Foundation.TimeZone(identifier: name)
        let peer = try #require(known)
        var generator = SeededGenerator.announced()
        for _ in 0..<3000 {
            let seconds = Int64.random(in: 0..<4_102_444_800, using: &generator)
            let expected = peer.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
            #expect(zone.offset(atSeconds: seconds).seconds == expected, "\(name) at \(seconds)")
        }
    }

    @Test(
        arguments: [
            // The second of each change, from the rules of the European Union and of the United States.
            ("Europe/Berlin", 1_774_746_000, "CET", "CEST"), ("Europe/Berlin", 1_792_890_000, "CEST", "CET"),
            ("America/New_York", 1_772_953_200, "EST", "EDT"), ("America/New_York", 1_793_512_800, "EDT", "EST"),
        ] as [(String, Int64, String, String)])
    func changesAtTheVerySecond(name: String, seconds: Int64, before: String, after: String) throws {
        let zone = try Self.zone(name)
        #expect(zone.offset(atSeconds: seconds - 1).abbreviation == before)
        #expect(zone.offset(atSeconds: seconds).abbreviation == after)
    }

    @Test func refusesEveryTruncation() throws {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
        // What stands behind the second block is the rule for later years, without which the file still is one.
        let footer = try #require(bytes.dropLast().lastIndex(of: 0x0a))
        for count in 0..<footer {
            #expect(throws: Model.TimeZone.Failure.self) {
                try Model.TimeZone(name: "x", bytes: Array(bytes[..<count]))
            }
        }
    }

    @Test(
        arguments: [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, 7200), ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, 3600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, 39600), ("<-03>3", 0, -10800), ("IST-5:30", 0, 19800),
            ("<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", 1_767_225_600, 49500),
        ] as [(String, Int64, Int)])
    func rulesOfPOSIXAreFollowed(text: String, seconds: Int64, offset: Int) throws {
        #expect(try #require(TimeZoneRule(text)).offset(atSeconds: seconds).seconds == offset)
    }
}

import Foundation
import Model
import Storage
import TestSupport
import Testing

@testable import LogDB

@Suite("A killed log store")
struct LogKillTests {
    private static let killsOfAStore = 20

    /// `OBS_KILLS` makes it longer.
    @Test("has every acknowledged line exactly once and none that was not sent", .timeLimit(.minutes(20)))
    func losesNothing() throws {
        let kills = ProcessInfo.processInfo.environment["OBS_KILLS"].flatMap { Int($0) } ?? 5
        var generator = SeededGenerator.announced()
        var directory = TemporaryDirectory()
        var acknowledged: Int64 = 0
        for kill in 1...kills {
            // All lines are read after each kill, so that a store grows for some of them only.
            if kill % Self.killsOfAStore == 0 { (directory, acknowledged) = (TemporaryDirectory(), 0) }
            let path = directory.file("data")
            let last = try KilledProgram.lastNumber(
                of: "LogKiller", [path], killedAfterMs: .random(in: 20...400, using: &generator))
            acknowledged = max(acknowledged, last)
            try expectWhole(path, acknowledged, "kill \(kill)")
        }
        #expect(acknowledged > 0)
    }

    private func expectWhole(_ path: String, _ acknowledged: Int64, _ comment: Comment) throws {
        let store = try LogDatabase(directory: path, options: LogRig.options)
        defer { store.abandon() }
        #expect(store.notices.filter { !$0.contains("unfinished record") }.isEmpty, comment)
        for number in 0..<5 {
            var request = LogSelectRequest(matchers: [Matcher("n", equals: "\(number)")])
            request.order = .oldestFirst
            let entries = try ReadLogs.entries(store, request)
            // One batch may be there without having been acknowledged.
            #expect(entries.count == Int(acknowledged) || entries.count == Int(acknowledged) + 1, comment)
            let isWhole = entries.enumerated().allSatisfy { index, entry in
                entry.timestampNs == Int64(index + 1) && entry.line == "line \(index + 1)"
            }
            #expect(isWhole, comment)
        }
    }
}

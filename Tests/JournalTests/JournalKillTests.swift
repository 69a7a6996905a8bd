import Foundation
import Journal
import Posix
import TestSupport
import Testing

/// Real processes that are killed while they append. `OBS_KILLS` says how many; a few by default.
@Suite struct JournalKillTests {
    private static let kills = ProcessInfo.processInfo.environment["OBS_KILLS"].flatMap { Int($0) } ?? 8

    @Test func everyAcknowledgedRecordSurvivesKillNine() async throws {
        var random = SeededGenerator(seed: .random(in: 0...UInt64.max))
        let fixture = JournalFixture(segmentBytes: 4_000)
        let directory = fixture.options.directory
        let acknowledged = fixture.directory.file("acknowledged")
        var expected = 0
        for kill in 0..<Self.kills {
            let afterNs = Int64.random(in: 0...20_000_000, using: &random)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    directory = directory as String, acknowledged = acknowledged as String, afterNs = afterNs as Int64,
                    expected = expected as Int
                ] in
                var options = JournalOptions(directory: directory, name: "killed")
                options.segmentBytes = 4_000
                let journal = try Journal(options)
                let notes = try File(acknowledged, .readWrite, in: LocalFileSystem())
                let killer = try OwnedThread(name: "killer") {
                    _ = Monitor(false).wait(atMostNs: afterNs) { $0 ? true : nil }
                    Glibc.kill(getpid(), SIGKILL)
                }
                var appender = journal.makeAppender()
                for number in expected... {
                    let payload = Array("\(number) ".utf8) + [UInt8](repeating: 65, count: number % 300)
                    _ = try appender.append(type: 1, payload.span)
                    try notes.write(Array("\(number + 1)\n".utf8).span, at: 0)
                }
                killer.join()
            }
            let text = (try? String(contentsOfFile: acknowledged, encoding: .utf8)) ?? "0\n"  // killed before the first
            let count = Int(text.prefix { $0 != "\n" }) ?? 0
            let found = try fixture.recover()
            let numbers = found.records.map { Int(String(decoding: $0.payload.prefix { $0 != 32 }, as: UTF8.self)) }
            #expect(numbers == Array(0..<numbers.count), "seed \(random.seed), kill \(kill)")
            #expect(numbers.count == count || numbers.count == count + 1, "seed \(random.seed), kill \(kill)")
            let losses = found.recovery.notices.filter { if case .tornTail = $0 { false } else { true } }
            #expect(losses == [], "seed \(random.seed), kill \(kill)")
            expected = numbers.count
        }
        #expect(expected > 0)
    }
}

import Foundation
import Parts
import Posix
import TestSupport
import Testing

/// Real processes that are killed while they add, merge and remove parts. `OBS_KILLS` says how many; a few by default.
@Suite struct PartKillTests {
    private static let kills = ProcessInfo.processInfo.environment["OBS_KILLS"].flatMap { Int($0) } ?? 8

    @Test func everyCommittedRowIsThereOnceAfterKillNine() async throws {
        var random = SeededGenerator(seed: .random(in: 0...UInt64.max))
        let temporary = TemporaryDirectory()
        let directory = temporary.file("parts")
        let committed = temporary.file("committed")
        for kill in 0..<Self.kills {
            let afterNs = Int64.random(in: 0...30_000_000, using: &random)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [directory = directory as String, committed = committed as String, afterNs = afterNs as Int64] in
                let store = try PartFixture.Store(directory, open: PartFixture.open)
                let notes = try File(committed, .readWrite, in: LocalFileSystem())
                let killer = try OwnedThread(name: "killer") {
                    _ = Monitor(false).wait(atMostNs: afterNs) { $0 ? true : nil }
                    Glibc.kill(getpid(), SIGKILL)
                }
                while true {
                    let next = UInt8(truncatingIfNeeded: store.state.count)
                    try PartFixture.add([next], to: store)
                    try notes.write(Array("\(store.state.count)\n".utf8).span, at: 0)
                    if store.parts.count >= 4 {
                        try PartFixture.mergeAll(store)
                        try store.removeRetired()
                    }
                }
                killer.join()
            }
            let text = (try? String(contentsOfFile: committed, encoding: .utf8)) ?? "0\n"  // killed before the first
            let count = Int(text.prefix { $0 != "\n" }) ?? 0
            let store = try PartFixture.Store(directory, open: PartFixture.open)
            let numbers = PartFixture.numbers(store)
            #expect(numbers.count == count || numbers.count == count + 1, "seed \(random.seed), kill \(kill)")
            #expect(numbers == (0..<numbers.count).map { UInt8(truncatingIfNeeded: $0) }.sorted())
            #expect(store.state.count == numbers.count)
            let unexpected = store.notices.filter { if case .leftoversRemoved = $0 { false } else { true } }
            #expect(unexpected == [], "seed \(random.seed), kill \(kill)")
        }
    }
}

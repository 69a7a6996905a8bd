import Foundation
import Model
import Storage
import TestSupport
import Testing

@testable import TSDB

@Suite("A killed store")
struct StoreKillTests {
    /// `OBS_KILLS` makes it longer.
    @Test("has every acknowledged sample exactly once and none that was not sent", .timeLimit(.minutes(20)))
    func losesNothing() throws {
        let kills = ProcessInfo.processInfo.environment["OBS_KILLS"].flatMap { Int($0) } ?? 5
        var generator = SeededGenerator.announced()
        let directory = TemporaryDirectory()
        let path = directory.file("data")
        var acknowledged: Int64 = 0
        // What an earlier life left unacknowledged is there for good: each life may add one such batch.
        var present: Int64 = 0
        for kill in 1...kills {
            let last = try KilledProgram.lastNumber(
                of: "StoreKiller", [path], killedAfterMs: .random(in: 20...400, using: &generator))
            acknowledged = max(acknowledged, last)
            present = try expectWhole(path, max(acknowledged, present), "kill \(kill)")
        }
        #expect(acknowledged > 0)
    }

    /// Returns the number of the last batch that is there.
    private func expectWhole(_ path: String, _ kept: Int64, _ comment: Comment) throws -> Int64 {
        var options = StoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        let store = try TimeSeriesStore(directory: path, options: options)
        defer { store.abandon() }
        #expect(store.notices.filter { !$0.contains("unfinished record") }.isEmpty, comment)
        let selection = try store.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
        #expect(kept == 0 || selection.count == 10, comment)
        var block = SeriesBlock()
        try selection.read(0..<selection.count, into: &block)
        for floats in block.floats {
            // One batch may be there whole or in part without having been acknowledged.
            let isComplete = floats.count == kept || floats.count == kept + 1
            #expect(isComplete, "\(comment): \(floats.count) samples after \(kept) batches")
            for place in 0..<floats.count {
                let number = Int64(place + 1)
                guard
                    block.timestampsMs[floats.timestampStart + place] != number * 1000
                        || block.values[floats.valueStart + place] != Double(number)
                else { continue }
                Issue.record("\(comment): sample \(number) is another one")
                break
            }
        }
        return Int64(block.floats.map(\.count).max() ?? 0)
    }
}

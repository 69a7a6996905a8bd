import Model
import Posix
import Storage
import StoreModel
import Synchronization
import TestSupport
import Testing

@testable import TSDB

@Suite("Several writers at once")
struct ConcurrentWritersTests {
    private static let rounds = 60
    private static let seriesPerWriter = 20

    @Test("lose nothing beside flushes, merges, deletions and readers")
    func loseNothing() throws {
        let rig = try StoreRig {
            $0.mergeParts = 3
            $0.flushSamples = 2000
        }
        let store = rig.store
        let writing = Atomic<Int>(4)
        var threads = try (0..<4).map { writer in
            try OwnedThread(name: "writer \(writer)") {
                for round in 1...Self.rounds { Self.append(round, writer, to: store) }
                writing.subtract(1, ordering: .relaxed)
            }
        }
        threads.append(
            try OwnedThread(name: "keeper") {
                while writing.load(ordering: .relaxed) > 0 {
                    try? store.flush()  // what fails here is missing below
                    _ = try? store.mergeOnce()  // as said above
                }
            })
        threads.append(
            try OwnedThread(name: "reader") {
                while writing.load(ordering: .relaxed) > 0 {
                    _ = try? store.statistics(limit: 3)  // counted below
                    let selection = try? store.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
                    guard let selection else { continue }
                    var block = SeriesBlock()
                    try? selection.read(0..<selection.count, into: &block)  // as said above
                }
            })
        for thread in threads { thread.join() }
        let answer = try rig.read()
        #expect(answer.count == 4 * Self.seriesPerWriter + 1)
        let wanted = Set((1...Self.rounds).map { Int64($0) * 1000 })
        #expect(answer.values.allSatisfy { Set($0.keys) == wanted })
        #expect(store.notices.isEmpty)
    }

    /// Series of the writer alone, and one that all of them write: the same sample, which counts once.
    private static func append(_ round: Int, _ writer: Int, to store: TimeSeriesStore) {
        var batch = SampleBatch()
        for number in 0..<seriesPerWriter {
            batch.append(
                series("own", ("writer", "\(writer)"), ("n", "\(number)")),
                [(timestampMs: Int64(round) * 1000, value: Double(round))])
        }
        batch.append(series("shared"), [(timestampMs: Int64(round) * 1000, value: Double(round))])
        do {
            let outcome = try store.append(&batch)
            if outcome.refusedTotal > 0 { Issue.record("\(outcome.refusals)") }
        } catch {
            Issue.record("\(error)")
        }
    }
}

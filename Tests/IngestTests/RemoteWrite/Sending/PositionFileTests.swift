import Posix
import Storage
import TestSupport
import Testing

@testable import Ingest

struct PositionFileTests {
    private let directory = TemporaryDirectory()
    private let system = LocalFileSystem()

    private func open() throws -> FeedPosition? { try PositionFile(directory.file("p"), in: system).found }

    @Test func theLastPositionIsFound() throws {
        #expect(try open() == nil)
        for position in UInt64(1)...5 {
            var file = try PositionFile(directory.file("p"), in: system)
            try file.write(FeedPosition(position * 1000))
            #expect(try open() == FeedPosition(position * 1000))
        }
    }

    /// Whatever of the last write is missing or wrong, the one before counts.
    @Test func aTornWriteLeavesTheOneBefore() throws {
        var file = try PositionFile(directory.file("p"), in: system)
        try file.write(FeedPosition(7))
        let before = try system.readFile(directory.file("p"), atMostBytes: 100)
        try file.write(FeedPosition(8))
        let after = try system.readFile(directory.file("p"), atMostBytes: 100)
        let changed = after.indices.filter { $0 >= before.count || before[$0] != after[$0] }
        for index in changed.prefix(1) + changed.suffix(1) {
            var torn = after
            torn[index] ^= 0xff
            try system.replaceFile(directory.file("p"), with: torn.span)
            #expect(try open() == FeedPosition(7))
        }
        try system.replaceFile(directory.file("p"), with: after.span)
        #expect(try open() == FeedPosition(8))
    }
}

struct ShardTargetTests {
    private func round(samples: Int, sending: Double, gained: UInt64) -> ShardTarget.Round {
        .init(
            samples: samples, sendingSeconds: sending, seconds: 1, positions: UInt64(samples) * 4,
            positionsGained: gained)
    }

    @Test func asManyShardsAsTheRateTakes() {
        var target = ShardTarget(1...50)
        // A millisecond for each of a thousand samples a second keeps one shard busy; five thousand keep five.
        for _ in 0..<50 { target.note(round(samples: 1000, sending: 1, gained: 4000)) }
        #expect(target.shards(now: 1, backlog: 0).shards == 1)
        for _ in 0..<50 { target.note(round(samples: 5000, sending: 5, gained: 20_000)) }
        #expect(target.shards(now: 1, backlog: 0).shards == 5)
    }

    @Test func aBacklogTakesMoreAndTheBoundsHold() {
        var target = ShardTarget(2...8)
        for _ in 0..<20 { target.note(round(samples: 1000, sending: 1, gained: 4000)) }
        #expect(target.shards(now: 2, backlog: 4_000_000).shards == 8)
        #expect(target.shards(now: 8, backlog: 0).shards == 2)
    }
}

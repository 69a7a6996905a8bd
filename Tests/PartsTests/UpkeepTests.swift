import Parts
import Posix
import Testing

struct UpkeepTests {
    /// Duties that count how often they were done, and fail as often as they are told to.
    private final class Counted: Sendable {
        struct Done: Equatable {
            var flushes = 0
            var merges = 0
            var notes: [String] = []
        }
        struct Failure: Error, CustomStringConvertible { let description = "the disk is full" }

        /// Nothing is done because its time has come.
        let upkeep = Upkeep(flushPeriodNs: 3_600_000_000_000, mergePeriodNs: 3_600_000_000_000)
        let done = Monitor(Done())
        private let failuresLeft: Lock<Int>

        init(failures: Int = 0) throws {
            failuresLeft = Lock(failures)
            try upkeep.start(
                "test",
                Upkeep.Duties(
                    isFlushDue: { false },
                    flush: { [self] in
                        change { $0.flushes += 1 }
                        let fails = failuresLeft.withLock { left in
                            defer { left = max(0, left - 1) }
                            return left > 0
                        }
                        upkeep.flushEnded(failure: fails ? "the disk is full" : nil)
                        if fails { throw Failure() }
                    },
                    merge: { [self] in change { $0.merges += 1 } },
                    note: { [self] note in change { $0.notes.append(note) } }))
        }

        private func change(_ body: @Sendable (inout Done) -> Void) {
            done.withLock { body(&$0) }
            done.wakeAll()
        }

        func wait(until isReached: @Sendable (Done) -> Bool) -> Done? {
            done.wait(atMostNs: 20_000_000_000) { isReached($0) ? $0 : nil }
        }
    }

    @Test func flushesWhenItIsAskedForAndMergesWhatCameOfIt() throws {
        let counted = try Counted()
        defer { _ = counted.upkeep.stop() }
        // A store that was opened may have parts to merge.
        #expect(counted.wait { $0.merges == 1 } == .init(flushes: 0, merges: 1))
        counted.upkeep.wantFlush()
        #expect(counted.wait { $0.merges == 2 } == .init(flushes: 1, merges: 2))
    }

    @Test func aFailedFlushIsToldUntilOneIsGood() throws {
        let counted = try Counted(failures: 1)
        defer { _ = counted.upkeep.stop() }
        counted.upkeep.wantFlush()
        #expect(counted.wait { !$0.notes.isEmpty }?.notes == ["a flush failed and is tried again: the disk is full"])
        #expect(counted.upkeep.waitForFlush(atMostNs: 1_000_000) { false } == .failed("the disk is full"))
        counted.upkeep.wantFlush()
        #expect(counted.wait { $0.flushes == 2 }?.notes.count == 1)
        #expect(counted.upkeep.waitForFlush(atMostNs: 1_000_000) { false } == .late)
        #expect(counted.upkeep.waitForFlush(atMostNs: 1_000_000) { true } == .over)
    }

    @Test func endsOnce() throws {
        let counted = try Counted()
        #expect(!counted.upkeep.isStopping)
        #expect(counted.upkeep.stop())
        #expect(counted.upkeep.isStopping)
        #expect(!counted.upkeep.stop())
        let before = counted.done.withLock { $0 }
        counted.upkeep.wantFlush()
        #expect(counted.done.withLock { $0 } == before)
    }
}

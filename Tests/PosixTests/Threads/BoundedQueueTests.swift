import Posix
import Testing

@Suite struct BoundedQueueTests {
    @Test func elementsComeOutInOrderAcrossTheEndOfTheRing() {
        let queue = BoundedQueue<Int>(capacity: 3)
        var next = 0
        for round in 0..<10 {
            #expect(queue.push(2 * round) == .accepted)
            #expect(queue.push(2 * round + 1) == .accepted)
            #expect(queue.pop() == next)
            #expect(queue.pop() == next + 1)
            next += 2
        }
        #expect(queue.count == 0)
    }

    @Test(arguments: [1, 15, 16, 17, 100, 5000])
    func aQueueGrowsToItsCapacityWhereverItsFirstElementIs(capacity: Int) {
        let queue = BoundedQueue<Int>(capacity: capacity)
        for _ in 0..<3 {
            // The ring begins in the middle.
            for number in 0..<min(capacity, 11) { #expect(queue.push(number) == .accepted) }
            for number in 0..<min(capacity, 7) { #expect(queue.pop() == number) }
            let left = queue.count
            for number in left..<capacity { #expect(queue.push(1000 + number) == .accepted) }
            #expect(queue.push(0) == .full)
            for number in min(capacity, 7)..<min(capacity, 11) { #expect(queue.pop() == number) }
            for number in left..<capacity { #expect(queue.pop() == 1000 + number) }
            #expect(queue.count == 0)
        }
    }

    @Test func aFullQueueRefusesAndKeepsWhatItHas() {
        let queue = BoundedQueue<String>(capacity: 2)
        #expect(queue.push("a") == .accepted)
        #expect(queue.push("b") == .accepted)
        #expect(queue.push("c") == .full)
        #expect(queue.push("c", waitingAtMostNs: 1_000_000) == .full)
        #expect(queue.pop() == "a")
        #expect(queue.push("c") == .accepted)
        #expect(queue.pop() == "b")
        #expect(queue.pop() == "c")
    }

    @Test func aClosedQueueHandsOutTheRestAndThenNothing() {
        let queue = BoundedQueue<Int>(capacity: 2)
        _ = queue.push(1)
        queue.close()
        #expect(queue.push(2) == .closed)
        #expect(queue.pop() == 1)
        #expect(queue.pop() == nil)
        #expect(queue.isClosed)
    }

    @Test func anEmptyQueueGivesUpAfterTheTime() {
        let queue = BoundedQueue<Int>(capacity: 1)
        #expect(queue.pop(waitingAtMostNs: 1_000_000) == nil)
        #expect(!queue.isClosed)
    }

    @Test func closingWakesReadersAndWritersThatWait() throws {
        let empty = BoundedQueue<Int>(capacity: 1)
        let full = BoundedQueue<Int>(capacity: 1)
        _ = full.push(1)
        let reader = try OwnedThread(name: "reader") { #expect(empty.pop() == nil) }
        let writer = try OwnedThread(name: "writer") { #expect(full.push(2, waitingAtMostNs: nil) == .closed) }
        empty.close()
        full.close()
        reader.join()
        writer.join()
    }

    @Test func manyWritersAndReadersMoveEveryElementOnce() throws {
        let queue = BoundedQueue<Int>(capacity: 7)
        let seen = Lock([Int]())
        let readers = try (0..<3).map { number in
            try OwnedThread(name: "reader \(number)") {
                while let element = queue.pop() { seen.withLock { $0.append(element) } }
            }
        }
        let writers = try (0..<3).map { number in
            try OwnedThread(name: "writer \(number)") {
                for i in 0..<500 {
                    #expect(queue.push(number * 500 + i, waitingAtMostNs: nil) == .accepted)
                }
            }
        }
        for writer in writers { writer.join() }
        queue.close()
        for reader in readers { reader.join() }
        #expect(seen.withLock { $0.sorted() } == Array(0..<1500))
    }

    @Test func anElementReachesAReaderThatWaitsThoughOthersGiveUp() throws {
        let queue = BoundedQueue<Int>(capacity: 4)
        let rounds = 2000
        let state = Monitor((round: 0, seen: 0))
        let take: @Sendable (Int?) -> Void = { element in
            guard element != nil else { return }
            state.withLock { $0.seen += 1 }
            state.wakeAll()
        }
        let patient = try OwnedThread(name: "patient") {
            while let element = queue.pop() { take(element) }
        }
        // Each round it gives up once, at about the time when the element comes, and then stays away.
        let hasty = try OwnedThread(name: "hasty") {
            for round in 1...rounds {
                _ = state.wait { $0.round >= round ? true : nil }
                take(queue.pop(waitingAtMostNs: Int64(round % 50) * 1000))
            }
        }
        for round in 1...rounds {
            state.withLock { $0.round = round }
            state.wakeAll()
            #expect(queue.push(round) == .accepted)
            let isSeen = state.wait(atMostNs: 60_000_000_000) { $0.seen == round ? true : nil }
            guard isSeen == true else {
                Issue.record("element \(round) reached nobody")
                break
            }
        }
        state.withLock { $0.round = rounds }
        state.wakeAll()
        queue.close()
        hasty.join()
        patient.join()
    }

    @Test func aWriterThatWaitsGetsThePlaceThatIsMade() throws {
        let queue = BoundedQueue<Int>(capacity: 1)
        let writers = try (0..<4).map { number in
            try OwnedThread(name: "writer \(number)") {
                for _ in 0..<200 { #expect(queue.push(number, waitingAtMostNs: nil) == .accepted) }
            }
        }
        var counts = [0, 0, 0, 0]
        for _ in 0..<800 {
            let number = try #require(queue.pop(waitingAtMostNs: 60_000_000_000))
            counts[number] += 1
        }
        for writer in writers { writer.join() }
        #expect(counts == [200, 200, 200, 200])
    }
}

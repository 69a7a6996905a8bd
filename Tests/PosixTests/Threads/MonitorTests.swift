import Posix
import Testing

@Suite struct MonitorTests {
    @Test func aWaiterSeesTheChangeThatWokeIt() throws {
        let turn = Monitor(0)
        let partner = try OwnedThread(name: "partner") {
            for round in 0..<500 {
                _ = turn.wait { state -> Void? in
                    guard state == 2 * round + 1 else { return nil }
                    state += 1
                    return ()
                }
                turn.wakeAll()
            }
        }
        for round in 0..<500 {
            turn.withLock { $0 += 1 }
            turn.wakeAll()
            let seen = turn.wait { $0 == 2 * round + 2 ? $0 : nil }
            #expect(seen == 2 * round + 2)
        }
        partner.join()
    }

    @Test func waitingEndsWithItsTime() {
        let never = Monitor(false)
        let start = SystemTime().monotonicNs
        #expect(never.wait(atMostNs: 20_000_000) { $0 ? true : nil } == nil)
        #expect(SystemTime().monotonicNs - start >= 20_000_000)
    }

    @Test func aTimeBeyondTheClockIsForEver() throws {
        let gate = Monitor(false)
        let opener = try OwnedThread(name: "opener") {
            gate.withLock { $0 = true }
            gate.wakeAll()
        }
        #expect(gate.wait(atMostNs: .max) { $0 ? true : nil } == true)
        opener.join()
    }

    @Test func noTimeMeansOneAttempt() {
        let counter = Monitor(0)
        let seen = counter.wait(atMostNs: 0) { state -> Int? in
            state += 1
            return state == 1 ? 1 : nil
        }
        #expect(seen == 1)
    }
}

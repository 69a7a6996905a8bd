import Posix
import TestSupport
import Testing

@testable import Databases

/// A pool of connections that count themselves.
@Suite struct ConnectionPoolTests {
    private struct Failure: Error, Equatable {
        let reason: String
    }

    private final class Connection {
        let number: Int
        var isGood = true

        init(_ number: Int) { self.number = number }
    }

    private let opened = Lock(0)

    private func pool(_ connectionsMax: Int, patienceNs: Int64 = 0) -> ConnectionPool<Connection, Failure> {
        let opened = opened
        return ConnectionPool(
            connectionsMax: connectionsMax, patienceNs: patienceNs,
            open: { () throws(Failure) in
                let number = opened.withLock { opened in
                    opened += 1
                    return opened
                }
                guard number < 100 else { throw Failure(reason: "nobody listens") }
                return Connection(number)
            }, isGood: { $0.isGood }, exhausted: { Failure(reason: "all are taken") })
    }

    @Test func aConnectionServesOneUseAfterTheOther() throws {
        let pool = pool(3)
        for _ in 0..<10 { #expect(try pool.use { $0.number } == 1) }
        #expect(pool.counts == (1, 0))
    }

    @Test func whoComesWhileAllAreTakenIsRefused() throws {
        let pool = pool(2)
        try pool.use { (first) throws(Failure) in
            try pool.use { (second) throws(Failure) in
                #expect(first.number != second.number)
                #expect(pool.counts == (0, 2))
                #expect(throws: Failure(reason: "all are taken")) { try pool.use { $0.number } }
            }
        }
        #expect(pool.counts == (2, 0))
    }

    @Test func whoWaitsGetsTheConnectionThatIsGivenBack() throws {
        let pool = pool(1, patienceNs: 60_000_000_000)
        let isTaken = Monitor(false)
        let mayEnd = Monitor(false)
        let holder = try OwnedThread(name: "holder") {
            try? pool.use { _ in  // nothing here throws
                isTaken.withLock { $0 = true }
                isTaken.wakeAll()
                _ = mayEnd.wait { $0 ? true : nil }
            }
        }
        _ = isTaken.wait { $0 ? true : nil }
        let waiter = Monitor<Int?>(nil)
        let waiting = try OwnedThread(name: "waiter") {
            let number = try? pool.use { $0.number }  // fails below
            waiter.withLock { $0 = number ?? 0 }
            waiter.wakeAll()
        }
        mayEnd.withLock { $0 = true }
        mayEnd.wakeAll()
        #expect(waiter.wait { $0 } == 1)
        holder.join()
        waiting.join()
    }

    @Test func aLostConnectionTakesTheIdleOnesWithIt() throws {
        let pool = pool(3)
        try pool.use { (_) throws(Failure) in try pool.use { (_) throws(Failure) in try pool.use { _ in } } }
        #expect(pool.counts == (3, 0))
        try pool.use { $0.isGood = false }
        #expect(pool.counts == (0, 0))
        #expect(try pool.use { $0.number } == 4)
    }

    @Test func aServerThatIsNotThereTakesNoPlace() throws {
        let pool = pool(2)
        opened.withLock { $0 = 1_000 }
        for _ in 0..<5 { #expect(throws: Failure(reason: "nobody listens")) { try pool.use { $0.number } } }
        opened.withLock { $0 = 0 }
        #expect(try pool.use { $0.number } == 1)
    }
}

import Posix

/// Connections to one server that many threads share: each use has one for itself, and at most so many exist. Whoever finds
/// all of them taken waits for a while.
package final class ConnectionPool<Connection, Failure: Error>: Sendable {
    /// A connection on its way from one user to the next.
    private struct Slot: @unchecked Sendable {  // whoever took it out of the pool is its only user
        let connection: Connection
    }

    private struct State {
        var idle: [Slot] = []
        var taken = 0
    }

    private let connectionsMax: Int
    private let patienceNs: Int64
    private let open: @Sendable () throws(Failure) -> Connection
    private let isGood: @Sendable (Connection) -> Bool
    private let exhausted: @Sendable () -> Failure
    private let state = Monitor(State())

    /// - Parameters:
    ///   - patienceNs: how long to wait for a connection.
    ///   - open: makes one, and is called where none is idle.
    ///   - isGood: whether one may be used again.
    ///   - exhausted: the failure of those who waited in vain.
    package init(
        connectionsMax: Int, patienceNs: Int64, open: @escaping @Sendable () throws(Failure) -> Connection,
        isGood: @escaping @Sendable (Connection) -> Bool, exhausted: @escaping @Sendable () -> Failure
    ) {
        (self.connectionsMax, self.patienceNs) = (connectionsMax, patienceNs)
        (self.open, self.isGood, self.exhausted) = (open, isGood, exhausted)
    }

    /// Connections that nobody uses and that are used.
    package var counts: (idle: Int, taken: Int) { state.withLock { ($0.idle.count, $0.taken) } }

    /// Lends a connection to `body`, which must not keep it.
    package func use<Result>(_ body: (Connection) throws(Failure) -> Result) throws(Failure) -> Result {
        let connectionsMax = connectionsMax
        let found: [Slot]? = state.wait(atMostNs: patienceNs) { state in
            guard state.taken < connectionsMax else { return nil }
            state.taken += 1
            return state.idle.popLast().map { [$0] } ?? []
        }
        guard let found else { throw exhausted() }
        let slot: Slot
        do throws(Failure) {
            if let kept = found.first { slot = kept } else { slot = Slot(connection: try open()) }
        } catch {
            giveBack(nil)
            throw error
        }
        defer { giveBack(isGood(slot.connection) ? slot : nil) }
        return try body(slot.connection)
    }

    /// Closes those that nobody uses.
    package func closeIdle() {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        // They end outside of the lock.
        _ = consume idle
    }

    /// - Parameter slot: nil where the connection is lost; those that wait beside it were made to the same server, and go too.
    private func giveBack(_ slot: Slot?) {
        if slot == nil { closeIdle() }
        state.withLock { state in
            state.taken -= 1
            if let slot { state.idle.append(slot) }
        }
        state.wakeOne()
    }
}

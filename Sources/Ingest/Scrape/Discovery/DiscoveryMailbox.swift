import Posix

/// What arrives for a discovery that has many requests under way at once: they end on the client's thread, the discovery's
/// own thread takes what they brought.
final class DiscoveryMailbox<Message: Sendable>: Sendable {
    private struct State: Sendable {
        var messages: [Message] = []
        var isEnded = false
    }

    private let capacity: Int
    private let state = Monitor(State())

    /// - Parameter capacity: messages that wait at most.
    init(capacity: Int) { self.capacity = capacity }

    /// False where there is no room, or nobody who reads any more.
    @discardableResult
    func put(_ message: Message) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isEnded, state.messages.count < capacity else { return false }
            state.messages.append(message)
            return true
        }
        if isTaken { state.wakeAll() }
        return isTaken
    }

    /// Everything that has arrived, waiting for something. Empty when the time is over or the end has come.
    func take(waitingAtMostMs limitMs: Int64) -> [Message] {
        let taken = state.wait(atMostNs: max(0, limitMs) * 1_000_000) { state -> [Message]? in
            if state.messages.isEmpty { return state.isEnded ? [] : nil }
            defer { state.messages = [] }
            return state.messages
        }
        return taken ?? []
    }

    func end() {
        state.withLock { $0.isEnded = true }
        state.wakeAll()
    }
}

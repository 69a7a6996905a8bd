import Posix

/// Events on their way into the trail, which waits for the disk while their senders do not.
///
/// Equal refusals are counted instead of listed, and beyond `refusalsMax` different ones all further ones count as one:
/// a flood from outside costs a few entries a second.
final class AuditQueue: Sendable {
    static let capacity = 4_096
    static let refusalsMax = 32

    private struct Refusal: Hashable {
        let principal: String
        let target: String
        let outcome: String
    }

    private struct State {
        var events: [AuditEvent] = []
        var refusals: [Refusal: AuditEvent] = [:]
    }

    private let state = Lock(State())

    /// False if the queue was full and the event is lost.
    func push(_ event: AuditEvent) -> Bool {
        state.withLock { state in
            guard state.events.count < Self.capacity else { return false }
            state.events.append(event)
            return true
        }
    }

    func pushRefusal(_ event: AuditEvent) {
        state.withLock { state in
            var key = Refusal(principal: event.principal, target: event.target, outcome: event.outcome)
            var event = event
            if state.refusals[key] == nil, state.refusals.count >= Self.refusalsMax {
                key = Refusal(principal: "several", target: "several", outcome: "several")
                event.principal = key.principal
                event.target = key.target
                event.outcome = key.outcome
                event.details = ""
            }
            if let known = state.refusals[key] { event.count += known.count }
            state.refusals[key] = event
        }
    }

    /// Everything that waits, in the order of time.
    func takeAll() -> [AuditEvent] {
        let (events, refusals) = state.withLock { state in
            defer { state = State() }
            return (state.events, Array(state.refusals.values))
        }
        return (events + refusals).sorted { $0.atMs < $1.atMs }
    }

    /// Puts back what could not be written; what no longer fits is lost and counted by the caller.
    func putBack(_ events: [AuditEvent]) -> Int {
        state.withLock { state in
            let kept = events.prefix(Self.capacity - min(Self.capacity, state.events.count))
            state.events.insert(contentsOf: kept, at: 0)
            return events.count - kept.count
        }
    }
}

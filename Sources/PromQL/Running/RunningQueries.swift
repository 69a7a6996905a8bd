package import Posix
import Synchronization

/// The queries that wait or run, for those who want to see them and to end one.
package final class RunningQueries: Sendable {
    /// What is asked, and by whom.
    package struct Question: Sendable {
        package var query: String
        /// Empty where nobody has to say who they are.
        package var principal: String
        package var startMs: Int64
        package var endMs: Int64
        /// Zero for an instant query.
        package var stepMs: Int64

        package init(query: String, principal: String, startMs: Int64, endMs: Int64, stepMs: Int64) {
            self.query = query
            self.principal = principal
            self.startMs = startMs
            self.endMs = endMs
            self.stepMs = stepMs
        }
    }

    package enum State: String, Sendable {
        case waiting, running, sending
    }

    /// One query from its coming to the end of its answer.
    package final class Listed: Sendable {
        package let number: Int
        package let question: Question
        package let begunNs: Int64
        package let begunMs: Int64
        package let progress: QueryProgress
        private let current = Lock(State.waiting)

        init(_ number: Int, _ question: Question, _ share: PrincipalShare, _ time: any TimeSource) {
            self.number = number
            self.question = question
            progress = QueryProgress(share: share)
            begunNs = time.monotonicNs
            begunMs = time.wallMs
        }

        package var state: State {
            get { current.withLock { $0 } }
            set { current.withLock { $0 = newValue } }
        }
    }

    private struct Table: Sendable {
        var next = 1
        var entries: [Int: Listed] = [:]
        var byPrincipal: [String: Principal] = [:]
    }

    private struct Principal: Sendable {
        var queries = 0
        let share: PrincipalShare
    }

    private let state = Lock(Table())
    private let time: any TimeSource
    /// Queries that one principal may have waiting and running.
    private let perPrincipalMax: Int
    private let shareLimits: PrincipalShare.Limits

    /// - Parameter shareLimits: what the queries of one principal may hold together.
    package init(
        perPrincipalMax: Int, shareLimits: PrincipalShare.Limits = PrincipalShare.Limits(), time: any TimeSource
    ) {
        self.perPrincipalMax = perPrincipalMax
        self.shareLimits = shareLimits
        self.time = time
    }

    /// Nil where the principal has as many queries here as one may have.
    package func begin(_ question: Question) -> Listed? {
        state.withLock { state in
            let own = state.byPrincipal[question.principal] ?? Principal(share: PrincipalShare(shareLimits))
            if own.queries >= perPrincipalMax { return nil }
            state.byPrincipal[question.principal] = Principal(queries: own.queries + 1, share: own.share)
            let entry = Listed(state.next, question, own.share, time)
            state.entries[state.next] = entry
            state.next += 1
            return entry
        }
    }

    package func end(_ entry: Listed) {
        state.withLock { state in
            guard state.entries.removeValue(forKey: entry.number) != nil else { return }
            state.byPrincipal[entry.question.principal]?.queries -= 1
            if state.byPrincipal[entry.question.principal]?.queries == 0 {
                state.byPrincipal[entry.question.principal] = nil
            }
        }
    }

    /// Oldest first.
    package var all: [Listed] {
        state.withLock { state in state.entries.values.sorted { $0.number < $1.number } }
    }

    package func count(_ wanted: State) -> Int {
        state.withLock { state in state.entries.values.count { $0.state == wanted } }
    }

    /// Ends a query; false where there is none of this number.
    package func kill(_ number: Int) -> Bool {
        guard let entry = state.withLock({ $0.entries[number] }) else { return false }
        entry.progress.cancellation.raise()
        return true
    }
}

import Encoding
import HTTP
import Posix
import Telemetry

/// Another member, told by a thread of its own what is new here.
final class ClusterPeer: Sendable {
    /// Something is said at least this often, so that everybody knows who is there.
    private static let heartbeatNs: Int64 = 500_000_000
    /// Who fails so often in a row counts as gone: a second and a half for one that is killed, longer for one that is slow.
    private static let failuresMax = 3
    private static let answerNs: Int64 = 2_000_000_000
    private static let answerBytesMax = 64 << 20
    /// Where more than this waits, everything is sent instead.
    private static let pendingMax = 20_000

    private struct State {
        var pending = ClusterUpdate()
        /// It is to be told everything, and asked for all that it knows.
        var isNew = true
        var member: ClusterMember?
        var hasTried = false
        /// In a row.
        var failures = 0
        var isStopping = false
    }

    let url: String
    private let own: ClusterMember
    private let options: HTTPClientOptions
    private let exchange: ClusterExchange
    private let client: HTTPClient
    private let messages: Family<Counter>
    private let log: Logger
    private let state = Monitor(State())

    init(
        _ url: String, own: ClusterMember, _ options: HTTPClientOptions, _ exchange: ClusterExchange,
        _ client: HTTPClient, _ messages: Family<Counter>, _ log: Logger
    ) {
        (self.url, self.own, self.options, self.exchange) = (url, own, options, exchange)
        (self.client, self.messages, self.log) = (client, messages, log)
    }

    /// Whether it is known by now if it is there.
    var isSettled: Bool { state.withLock { $0.hasTried } }

    /// Who answers there; nil where nobody does.
    var member: ClusterMember? { state.withLock { $0.failures < Self.failuresMax ? $0.member : nil } }

    func note(_ news: ClusterUpdate) {
        state.withLock { state in
            if state.isNew { return }
            state.pending.append(news)
            if state.pending.count > Self.pendingMax {
                state.pending = ClusterUpdate()
                state.isNew = true
            }
        }
        state.wakeAll()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
    }

    /// Until `stop`; what waits then is still said, once.
    func run() {
        while true {
            let (isNew, isLast, pending) = next()
            var update = isNew ? exchange.everything() : pending
            update.from = own
            update.wantsAll = isNew
            say(update, isNew: isNew)
            exchange.changed()
            if isLast { return }
        }
    }

    private func next() -> (isNew: Bool, isLast: Bool, ClusterUpdate) {
        let waitNs = state.withLock { $0.hasTried ? Self.heartbeatNs : 0 }
        _ = state.wait(atMostNs: waitNs) { state -> Void? in
            // After a failure it is left alone for a while.
            let isAwaited = state.isNew || state.pending.count > 0
            return state.isStopping || (isAwaited && state.failures == 0) ? () : nil
        }
        return state.withLock { state in
            // What comes while everything is being said is not part of it.
            defer { (state.pending, state.isNew) = (ClusterUpdate(), false) }
            return (state.isNew, state.isStopping, state.pending)
        }
    }

    private func say(_ update: ClusterUpdate, isNew: Bool) {
        var request = ClientRequest(.post, url + ClusterExchange.path)
        request.fields = [("Content-Type", "application/json")]
        request.body = update.json
        request.options = options
        request.timeoutNs = Self.answerNs
        request.connectTimeoutNs = Self.answerNs
        request.answerBytesMax = Self.answerBytesMax
        do throws(ClientError) {
            let response = try client.answer(to: request)
            guard response.status.rawValue == 200 else {
                return fail("it answers \(response.status.rawValue)")
            }
            take(try Self.update(response), isNew: isNew)
        } catch {
            fail("\(error)")
        }
    }

    private static func update(_ response: ClientResponse) throws(ClientError) -> ClusterUpdate {
        do throws(JSONError) {
            return try ClusterUpdate(json: response.body.span)
        } catch {
            throw ClientError(.broken, "its answer cannot be read: \(error)")
        }
    }

    private func take(_ answer: ClusterUpdate, isNew: Bool) {
        if answer.count > 0 { exchange.merge(answer) }
        messages.with(url, "answered").add()
        let wasGone = state.withLock { state in
            // Another run of the member may have forgotten what the last one was told.
            let isOther = state.member != nil && state.member != answer.from && !isNew
            let wasGone = state.failures > 0 || !state.hasTried
            if isOther { state.isNew = true }
            state.member = answer.from
            (state.hasTried, state.failures) = (true, 0)
            return wasGone
        }
        if wasGone {
            log.info("a member of the cluster is there", ["url": .text(url), "name": .text(answer.from.name)])
        }
        if answer.from.name == own.name {
            log.warning("two members of the cluster have one name", ["url": .text(url), "name": .text(own.name)])
        }
    }

    private func fail(_ reason: String) {
        messages.with(url, "failed").add()
        let isNews = state.withLock { state in
            (state.hasTried, state.isNew) = (true, true)
            state.failures += 1
            return state.failures == 1
        }
        if isNews { log.warning("a member of the cluster is away", ["url": .text(url), "reason": .text(reason)]) }
    }
}

/// What members exchange is read from here and goes here.
struct ClusterExchange: Sendable {
    static let path = "/obs/v1/cluster"

    let everything: @Sendable () -> ClusterUpdate
    let merge: @Sendable (ClusterUpdate) -> Void
    /// Somebody has come, gone or is known to be away.
    let changed: @Sendable () -> Void
}

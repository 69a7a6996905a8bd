import Crypto
import Encoding
import HTTP
import Posix
import Telemetry

/// The collectors that tell the same receivers: they share silences, the notification log and acknowledgements, and each
/// waits for those that come before it, so that a receiver is told by the first that is alive.
final class Cluster: Sendable {
    private struct State {
        var options = ClusterOptions()
        var peers: [ClusterPeer] = []
        var threads: [OwnedThread] = []
    }

    private let state = Lock(State())
    private let session = Hexadecimal.string(SecureRandom.bytes(8).span)
    private let client: HTTPClient
    private let messages: Family<Counter>
    private let log: Logger

    init(registry: Registry, log: Logger, time: any TimeSource) {
        client = HTTPClient("cluster", registry: registry, time: time)
        messages = registry.counters(
            "obs_alerting_cluster_messages_total", "Messages to other members of the cluster.",
            labels: ["peer", "result"])
        self.log = log
        let state = state
        registry.callback(
            "alertmanager_cluster_members", "Members of the cluster that are there, this one included.", kind: .gauge
        ) {
            let peers = state.withLock { $0.peers }
            return Double(1 + peers.count { $0.member != nil })
        }
    }

    /// Puts other members in force. Nothing happens where they are the same.
    func apply(_ options: ClusterOptions, _ exchange: ClusterExchange) throws(SystemError) {
        var options = options
        if options.name.isEmpty { options.name = Machine.hostname }
        if state.withLock({ [options] in $0.options == options }) { return }
        end()
        let own = ClusterMember(name: options.name, session: session)
        let peers = options.peers.map { url in
            ClusterPeer(url, own: own, options.client, exchange, client, messages, log)
        }
        state.withLock { [peers, options] state in (state.options, state.peers) = (options, peers) }
        for peer in peers {
            for result in ["answered", "failed"] { _ = messages.with(peer.url, result) }
            let thread = try OwnedThread(name: "cluster") { peer.run() }
            state.withLock { $0.threads.append(thread) }
        }
    }

    private var own: ClusterMember { ClusterMember(name: state.withLock { $0.options.name }, session: session) }

    /// Whether it is known who is there. Before, nobody is told anything.
    var isSettled: Bool { state.withLock { $0.peers }.allSatisfy(\.isSettled) }

    /// How long this member waits for those before it.
    var waitMs: Int64 {
        let (peers, waitMs) = state.withLock { ($0.peers, $0.options.waitMs) }
        if peers.isEmpty { return 0 }
        let own = own
        return Int64(peers.count { $0.member.map { $0 < own } ?? false }) * waitMs
    }

    /// Names and addresses of the others that are there.
    var members: [(name: String, url: String)] {
        state.withLock { $0.peers }.compactMap { peer in peer.member.map { ($0.name, peer.url) } }
    }

    /// This member's name; nil where it is alone.
    var name: String? { state.withLock { $0.peers.isEmpty ? nil : $0.options.name } }

    /// Tells the others; never waits.
    func note(_ news: ClusterUpdate) {
        for peer in state.withLock({ $0.peers }) { peer.note(news) }
    }

    /// Answers another member.
    func answer(to update: ClusterUpdate, _ everything: () -> ClusterUpdate) -> ClusterUpdate {
        var answer = update.wantsAll ? everything() : ClusterUpdate()
        answer.from = own
        return answer
    }

    private func end() {
        let (peers, threads) = state.withLock { state in
            defer { (state.peers, state.threads) = ([], []) }
            return (state.peers, state.threads)
        }
        for peer in peers { peer.stop() }
        for thread in threads { thread.join() }
    }

    /// Ends when what is new was said.
    func stop() {
        end()
        client.stop()
    }
}

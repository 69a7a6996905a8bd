import Encoding
import HTTP
import Posix

/// The objects of a Kubernetes cluster as targets: each kind that the role needs is listed once and watched from then on.
struct KubernetesDiscovery: Discovery {
    private static let arrivalsMax = 10_000
    private static let retryMs: Int64 = 15_000
    /// What changes at once is told at once.
    private static let publishNs: Int64 = 500_000_000

    private struct Arrival: Sendable {
        let watch: Int
        let what: KubernetesWatch.Arrival
    }

    private let options: KubernetesDiscoveryOptions

    init(_ options: KubernetesDiscoveryOptions) { self.options = options }

    func run(_ turn: DiscoveryTurn) {
        guard let cluster = cluster(turn) else { return }
        let mailbox = DiscoveryMailbox<Arrival>(capacity: Self.arrivalsMax)
        turn.onEnd { mailbox.end() }
        var watches = watches(cluster)
        let time = turn.context.time
        var isChanged = false
        var publishedNs = Int64.min / 2
        while !turn.isEnding {
            for place in watches.indices where !watches[place].isAsked && time.monotonicNs >= watches[place].dueNs {
                ask(place, &watches[place], cluster, mailbox, turn)
            }
            let waitMs: Int64 = isChanged ? 20 : 500
            for arrival in mailbox.take(waitingAtMostMs: waitMs) {
                let outcome = watches[arrival.watch].take(arrival.what, nowNs: time.monotonicNs)
                isChanged = isChanged || outcome.isChanged
                if let failure = outcome.failure, !turn.isEnding { turn.failed("\(cluster.server): \(failure)") }
            }
            guard isChanged, watches.allSatisfy(\.isKnown), time.monotonicNs - publishedNs >= Self.publishNs else {
                continue
            }
            publishedNs = time.monotonicNs
            isChanged = false
            turn.publish(KubernetesTargets(watches, options).groups)
        }
    }

    /// Nil at the end.
    private func cluster(_ turn: DiscoveryTurn) -> KubernetesCluster? {
        while !turn.isEnding {
            do throws(KubernetesCluster.Failure) {
                return try KubernetesCluster(options, turn.context.files)
            } catch {
                turn.failed("\(error)")
            }
            if !turn.pause(ms: Self.retryMs) { return nil }
        }
        return nil
    }

    private func watches(_ cluster: KubernetesCluster) -> [KubernetesWatch] {
        var names = options.namespaces
        if options.ownNamespace, let own = cluster.ownNamespace, !names.contains(own) { names.append(own) }
        return options.resources.flatMap { resource -> [KubernetesWatch] in
            if names.isEmpty || !resource.isInNamespace { return [KubernetesWatch(resource, namespace: nil)] }
            return names.map { KubernetesWatch(resource, namespace: $0) }
        }
    }

    private func ask(
        _ place: Int, _ watch: inout KubernetesWatch, _ cluster: KubernetesCluster,
        _ mailbox: DiscoveryMailbox<Arrival>, _ turn: DiscoveryTurn
    ) {
        // Pieces that find no room end the watch, which then goes on from the last event that was read.
        let request = watch.request(cluster, options.selector(of: watch.resource)) { piece in
            mailbox.put(Arrival(watch: place, what: .piece(piece)))
        }
        turn.context.client.send(request, cancellation: turn.cancellation) { result in
            while !mailbox.put(Arrival(watch: place, what: .end(result))), !turn.isEnding { _ = turn.pause(ms: 10) }
        }
    }
}

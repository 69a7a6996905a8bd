import HTTP
import Posix

/// Every discovery that runs. Jobs with equal settings share one.
final class Discoveries: Sendable {
    private struct Running: Sendable {
        let turn: DiscoveryTurn
        let thread: OwnedThread
        var groups: [TargetGroup]?
    }

    private struct State: Sendable {
        var running: [DiscoveryOptions: Running] = [:]
    }

    private let context: DiscoveryContext
    private let state = Lock(State())
    /// Called when the targets of some discovery have changed.
    private let changed: @Sendable (DiscoveryOptions) -> Void

    init(_ context: DiscoveryContext, changed: @escaping @Sendable (DiscoveryOptions) -> Void) {
        self.context = context
        self.changed = changed
    }

    /// Starts those that are new and ends those that nobody wants any more.
    func run(_ wanted: Set<DiscoveryOptions>) throws(SystemError) {
        let ended = state.withLock { state in
            let gone = state.running.filter { !wanted.contains($0.key) }
            for (options, _) in gone { state.running[options] = nil }
            return gone.map(\.value)
        }
        for running in ended { running.turn.end() }
        for running in ended { running.thread.join() }
        for options in wanted { try start(options) }
    }

    private func start(_ options: DiscoveryOptions) throws(SystemError) {
        guard let (kind, discovery) = options.discovery else { return }
        guard state.withLock({ $0.running[options] == nil }) else { return }
        let turn = DiscoveryTurn(kind, context) { [self] groups in
            state.withLock { $0.running[options]?.groups = groups }
            changed(options)
        }
        // The first targets may come before the thread is known here.
        try state.withLock { state throws(SystemError) in
            let thread = try OwnedThread(name: "sd-\(kind)") { discovery.run(turn) }
            state.running[options] = Running(turn: turn, thread: thread)
        }
    }

    /// The targets of one discovery; nil while it has not told any.
    func groups(of options: DiscoveryOptions) -> [TargetGroup]? {
        if case .fixed(let groups) = options { return groups }
        return state.withLock { $0.running[options]?.groups }
    }

    func stop() {
        let ended = state.withLock { state in
            defer { state.running = [:] }
            return Array(state.running.values)
        }
        for running in ended { running.turn.end() }
        for running in ended { running.thread.join() }
    }
}

extension DiscoveryOptions {
    /// What runs them; nil for targets that are written in the configuration.
    fileprivate var discovery: (kind: String, any Discovery)? {
        switch self {
        case .fixed: nil
        case .file(let options): ("file", FileDiscovery(options))
        case .http(let options): ("http", HTTPDiscovery(options))
        case .dns(let options): ("dns", DNSDiscovery(options))
        case .docker(let options): ("docker", DockerDiscovery(options))
        case .kubernetes(let options): ("kubernetes", KubernetesDiscovery(options))
        case .consul(let options): ("consul", ConsulDiscovery(options))
        case .ec2(let options): ("ec2", EC2Discovery(options))
        }
    }
}

import HTTP
import Posix
import Telemetry

/// A way to find targets: it runs on a thread of its own until it is told to end.
protocol Discovery: Sendable {
    func run(_ turn: DiscoveryTurn)
}

/// What a running discovery is given, and what it says.
final class DiscoveryTurn: Sendable {
    private struct State: Sendable {
        var isEnding = false
        var onEnd: (@Sendable () -> Void)?
    }

    let context: DiscoveryContext
    /// The kind, for the log.
    let kind: String
    private let deliver: @Sendable ([TargetGroup]) -> Void
    private let state = Monitor(State())
    let cancellation = Cancellation()

    init(_ kind: String, _ context: DiscoveryContext, deliver: @escaping @Sendable ([TargetGroup]) -> Void) {
        self.kind = kind
        self.context = context
        self.deliver = deliver
    }

    /// All targets that are there now; they take the place of those before.
    func publish(_ groups: [TargetGroup]) {
        context.succeeded(kind)
        deliver(groups)
    }

    /// What was found before stays.
    func failed(_ sentence: String) { context.failed(kind, sentence) }

    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Rests. False when the end has come.
    func pause(ms: Int64) -> Bool {
        state.wait(atMostNs: ms * 1_000_000) { $0.isEnding ? () : nil } == nil
    }

    /// Has `action` called when the end comes; at once where it has.
    func onEnd(_ action: @escaping @Sendable () -> Void) {
        let isEnding = state.withLock { state in
            state.onEnd = action
            return state.isEnding
        }
        if isEnding { action() }
    }

    func end() {
        let action = state.withLock { state in
            state.isEnding = true
            return state.onEnd
        }
        state.wakeAll()
        cancellation.raise()
        context.client.wake()
        action?()
    }

    /// Asks again and again: at once, then after the time that `ask` returns, in milliseconds.
    func poll(_ ask: () -> Int64) {
        while !isEnding {
            let restMs = ask()
            if !pause(ms: restMs) { return }
        }
    }

    /// The answer to a request; nil, with the reason told, where there is none.
    func answer(to request: ClientRequest) -> ClientResponse? {
        do throws(ClientError) {
            let response = try context.client.answer(to: request)
            guard response.status == .ok else {
                failed("\(request.url) answers \(response.status.rawValue) \(response.status.reason)")
                return nil
            }
            return response
        } catch {
            if !isEnding { failed("\(error)") }
            return nil
        }
    }
}

/// What all discoveries share.
final class DiscoveryContext: Sendable {
    let client: HTTPClient
    let time: any TimeSource
    let files: any FileSystem
    private let log: Logger
    private let failures: Family<Counter>
    private let updates: Family<Counter>

    init(client: HTTPClient, files: any FileSystem, registry: Registry, log: Logger, time: any TimeSource) {
        self.client = client
        self.files = files
        self.time = time
        self.log = log
        failures = registry.counters(
            "obs_discovery_failures_total", "Times a discovery could not find out its targets, by kind.",
            labels: ["kind"])
        updates = registry.counters(
            "obs_discovery_updates_total", "Times a discovery told its targets, by kind.", labels: ["kind"])
    }

    func succeeded(_ kind: String) { updates.with(kind).add() }

    func failed(_ kind: String, _ sentence: String) {
        failures.with(kind).add()
        log.warning("discovery", ["kind": .text(kind), "failure": .text(sentence)])
    }
}

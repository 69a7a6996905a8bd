import Encoding
package import Posix
package import Telemetry

/// Who tells this collector that it lives: agents by name, with what they said last. Kept in a file, so that one that fell
/// silent is missed after a restart too.
package final class AgentRegister: Sendable {
    package enum Limits {
        /// Agents that are remembered; of more the one that has been silent for longest goes.
        package static let agents = 20_000
        /// Missed heartbeats after which an agent counts as silent.
        package static let missed: Int64 = 2
        static let fileBytesMax = 64 << 20
        static let labels = 64
        static let intervalMs: ClosedRange<Int64> = 100...3_600_000
        /// How long an agent is remembered that says nothing.
        static let rememberedMs: Int64 = 30 * 24 * 3_600_000
    }

    package enum State: String, Sendable {
        case reporting
        /// Nothing came when it should have.
        case silent
        /// It said that it ends.
        case ended
    }

    package struct Agent: Sendable, Equatable {
        package var name: String
        package var labels: [String: String]
        package var version: String
        package var intervalMs: Int64
        package var lastMs: Int64
        package var pendingBytes: Int
        package var hasEnded: Bool

        package func state(nowMs: Int64) -> State {
            if hasEnded { return .ended }
            return nowMs - lastMs > intervalMs * Limits.missed ? .silent : .reporting
        }
    }

    private struct Known: Sendable {
        var agents: [String: Agent] = [:]
        var isChanged = false
    }

    private let path: String
    private let time: any TimeSource
    private let known: Lock<Known>

    /// - Parameter path: of the file, which is made with the first agent.
    package init(_ path: String, registry: Registry, time: any TimeSource = SystemTime()) {
        (self.path, self.time) = (path, time)
        known = Lock(Known(agents: Self.read(path)))
        registry.callbacks("obs_agent_up", "1 while an agent tells that it lives.", labels: ["agent"]) { [weak self] in
            (self?.agents ?? []).filter { $0.state != .ended }.map {
                CallbackValue([$0.agent.name], $0.state == .reporting ? 1 : 0)
            }
        }
        registry.callbacks(
            "obs_agent_last_heartbeat_timestamp_seconds", "When an agent told last that it lives.", labels: ["agent"]
        ) { [weak self] in
            (self?.agents ?? []).map { CallbackValue([$0.agent.name], Double($0.agent.lastMs) / 1000) }
        }
    }

    /// Everybody, by name.
    package var agents: [(agent: Agent, state: State)] {
        let nowMs = time.wallMs
        return known.withLock { $0.agents }.values.sorted { $0.name < $1.name }.map { ($0, $0.state(nowMs: nowMs)) }
    }

    /// Takes a heartbeat as an agent sends it. False where it is none.
    package func take(_ body: Span<UInt8>) -> Bool {
        guard let value = try? JSONValue.parse(body),  // no heartbeat
            var agent = Self.agent(value)
        else { return false }
        agent.lastMs = time.wallMs
        let isNew = known.withLock { known in
            let before = known.agents.updateValue(agent, forKey: agent.name)
            if known.agents.count > Limits.agents, let oldest = known.agents.values.min(by: { $0.lastMs < $1.lastMs }) {
                known.agents[oldest.name] = nil
            }
            known.isChanged = true
            return before == nil || before?.hasEnded != agent.hasEnded
        }
        if isNew { save() }
        return true
    }

    /// Writes what changed. What cannot be written is kept in memory and written with the next change.
    package func save() {
        let agents = known.withLock { known -> [Agent]? in
            guard known.isChanged else { return nil }
            let nowMs = time.wallMs
            known.agents = known.agents.filter { nowMs - $0.value.lastMs < Limits.rememberedMs }
            known.isChanged = false
            return known.agents.values.sorted { $0.name < $1.name }
        }
        guard let agents else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("version", 1)
        writer.name("agents")
        writer.beginArray()
        for agent in agents { Self.write(agent, to: &writer) }
        writer.endArray()
        writer.endObject()
        do throws(SystemError) {
            try LocalFileSystem().replaceFile(path, with: writer.bytes.span)
        } catch {
            known.withLock { $0.isChanged = true }
        }
    }

    private static func read(_ path: String) -> [String: Agent] {
        // A file that is missing or of another form says nothing; agents tell of themselves within seconds.
        guard let bytes = try? LocalFileSystem().readFile(path, atMostBytes: Limits.fileBytesMax),  // see above
            let value = try? JSONValue.parse(bytes.span), value["version"]?.int == 1  // see above
        else { return [:] }
        let agents = (value["agents"]?.elements ?? []).compactMap(agent)
        return Dictionary(agents.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    private static func agent(_ value: JSONValue) -> Agent? {
        guard let name = value["agent"]?.text, !name.isEmpty, name.utf8.count <= 256 else { return nil }
        var labels: [String: String] = [:]
        for member in (value["labels"]?.members ?? []).prefix(Limits.labels) {
            labels[member.name] = member.value.text ?? ""
        }
        let intervalMs = Int64(value["intervalMs"]?.int ?? 15_000)
        return Agent(
            name: name, labels: labels, version: value["version"]?.text ?? "",
            intervalMs: min(max(intervalMs, Limits.intervalMs.lowerBound), Limits.intervalMs.upperBound),
            lastMs: Int64(value["lastMs"]?.int ?? 0), pendingBytes: value["pendingBytes"]?.int ?? 0,
            hasEnded: value["hasEnded"]?.bool ?? false)
    }

    static func write(_ agent: Agent, to writer: inout JSONWriter, more: (inout JSONWriter) -> Void = { _ in }) {
        writer.beginObject()
        writer.member("agent", agent.name)
        writer.name("labels")
        writer.beginObject()
        for (name, value) in agent.labels.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
        writer.endObject()
        writer.member("version", agent.version)
        writer.member("intervalMs", Int(agent.intervalMs))
        writer.member("lastMs", Int(agent.lastMs))
        writer.member("pendingBytes", agent.pendingBytes)
        writer.member("hasEnded", agent.hasEnded)
        more(&writer)
        writer.endObject()
    }
}

import Encoding
package import HTTP
import Ingest
import Model
import Posix
package import Storage

/// `/obs/v1/agents`: heartbeats, and who of those that sent them has fallen silent, with the lines that came last.
package struct AgentsAPI: Sendable {
    private enum Limits {
        static let bodyBytesMax = 64 << 10
        static let lines = 0...200
        /// How far before the last heartbeat lines are looked for.
        static let lookBackNs: Int64 = 24 * 3_600_000_000_000
        /// Lines that came on their way after it.
        static let lookAheadNs: Int64 = 3_600_000_000_000
        /// Silent agents whose lines are told in one answer.
        static let toldMax = 100
    }

    private let register: AgentRegister
    private let store: any LogStore
    private let pool: HandlerPool

    package init(_ register: AgentRegister, _ store: any LogStore, pool: HandlerPool) {
        (self.register, self.store, self.pool) = (register, store, pool)
    }

    package func add(to router: inout Router) {
        router.post("/obs/v1/agents/heartbeat", role: .ingest, bodyBytesMax: Limits.bodyBytesMax) {
            [register] request, response in
            guard register.take(request.body) else {
                return response.refuse(
                    RequestRefusal(.badRequest, #"a heartbeat is {"agent": name, "intervalMs": 15000, "labels": {}}"#))
            }
            response.send(.noContent)
        }
        router.get("/obs/v1/agents", role: .read) { [self] request, response in
            let count = request.value("lines").flatMap { Int($0) } ?? 0
            guard Limits.lines.contains(count) else {
                return response.refuse(
                    RequestRefusal(.badRequest, "lines has to be from 0 to \(Limits.lines.upperBound)"))
            }
            pool.answer(&response) { pending in
                let body = list(lines: count)
                pending.send(.ok, body.span, contentType: ContentType.json)
            }
        }
    }

    private func list(lines count: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        var told = 0
        for (agent, state) in register.agents {
            AgentRegister.write(agent, to: &writer) { writer in
                writer.member("state", state.rawValue)
                guard state == .silent, count > 0, told < Limits.toldMax else { return }
                told += 1
                writer.name("lastLines")
                writer.beginArray()
                for line in lastLines(of: agent, count) { writer.string(line) }
                writer.endArray()
            }
        }
        writer.endArray()
        return writer.bytes
    }

    /// The newest lines that carry its labels, the oldest first; none where the store cannot tell.
    private func lastLines(of agent: AgentRegister.Agent, _ count: Int) -> [String] {
        let lastNs = agent.lastMs * 1_000_000
        // Other labels may have been set anew for single files.
        guard let host = agent.labels["host"] else { return [] }
        var request = LogSelectRequest(
            matchers: [Matcher("host", equals: host)], startNs: lastNs - Limits.lookBackNs,
            endNs: lastNs + Limits.lookAheadNs)
        request.order = .newestFirst
        request.limit = count
        var lines: [String] = []
        do throws(StorageError) {
            let scan = try store.scan(request)
            var block = LogBlock()
            while lines.count < count, try scan.next(into: &block) {
                for entry in 0..<block.count where lines.count < count {
                    lines.append(String(decoding: block.lineBytes[block.line(entry)], as: UTF8.self))
                }
            }
        } catch {
            return lines.reversed()
        }
        return lines.reversed()
    }
}

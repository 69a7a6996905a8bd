import Databases
import Posix
import Telemetry

/// A cache in a Redis, which all processes of a service share. While the server cannot be asked, everything is a miss: a
/// failure is counted, and nobody asks again for a moment, so that requests do not wait one after the other.
final class RedisCache: CacheBackend {
    private static let timeoutNs: Int64 = 200_000_000
    private static let patienceNs: Int64 = 50_000_000
    private static let restNs: Int64 = 1_000_000_000

    private let pool: ConnectionPool<RedisConnection, RedisError>
    private let prefix: String
    private let time: any TimeSource
    private let failures: Counter
    private let log: Logger
    private let restsUntilNs = Lock<Int64>(.min)

    init(_ context: ServiceContext, _ options: RedisOptions) {
        var options = options
        options.timeoutNs = Self.timeoutNs
        let count = context.options.poolConnections
        let server = options.address
        let pool = ConnectionPool<RedisConnection, RedisError>(
            connectionsMax: count, patienceNs: Self.patienceNs,
            open: { [options] () throws(RedisError) in try RedisConnection(options) }, isGood: { $0.isGood },
            exhausted: {
                RedisError(action: "connect", server: server, reason: "all \(count) connections are taken")
            })
        self.pool = pool
        prefix = "marketplace:\(context.name.rawValue):"
        (time, log) = (context.time, context.log)
        failures = context.registry.counter(
            "marketplace_cache_failures_total", "Times that the cache could not be asked; each counts as a miss.")
        context.registry.callbacks(
            "marketplace_cache_pool_connections", "Connections to the cache, by what they do.", labels: ["state"]
        ) {
            let (idle, taken) = pool.counts
            return [CallbackValue(["idle"], Double(idle)), CallbackValue(["in_use"], Double(taken))]
        }
    }

    var isPrompt: Bool { false }

    /// Nobody counts what a server keeps for many.
    var count: Int? { nil }

    func value(_ key: String, nowNs: Int64) -> [UInt8]? {
        guard case .text(let text) = ask(["GET", prefix + key]) else { return nil }
        return Array(text.utf8)
    }

    func set(_ key: String, _ value: [UInt8], lifetimeNs: Int64, nowNs: Int64) {
        let words = [
            "SET", prefix + key, String(decoding: value, as: UTF8.self), "PX", String(max(1, lifetimeNs / 1_000_000)),
        ]
        _ = ask(words)
    }

    func remove(_ key: String) { _ = ask(["DEL", prefix + key]) }

    func close() { pool.closeIdle() }

    private func ask(_ command: [String]) -> RedisReply {
        let nowNs = time.monotonicNs
        guard nowNs >= restsUntilNs.withLock({ $0 }) else { return .nothing }
        do throws(RedisError) {
            let reply = try pool.use { connection throws(RedisError) in try connection.run([command]).first }
            guard case .error(let reason) = reply else { return reply ?? .nothing }
            fail(reason)
        } catch {
            fail(error.description)
            restsUntilNs.withLock { $0 = nowNs + Self.restNs }
        }
        return .nothing
    }

    private func fail(_ reason: String) {
        failures.add()
        log.warning("the cache cannot be asked", ["error": .text(reason)])
    }
}

import Posix
import Telemetry

/// Answers (texts, mostly JSON) that are kept for a while. A cache may forget at any time, and fail without anybody noticing
/// but its metrics.
protocol CacheBackend: Sendable {
    func value(_ key: String, nowNs: Int64) -> [UInt8]?
    func set(_ key: String, _ value: [UInt8], lifetimeNs: Int64, nowNs: Int64)
    func remove(_ key: String)
    /// Whether it answers without waiting, so that a connection's thread may ask.
    var isPrompt: Bool { get }
    /// Nil where nobody knows.
    var count: Int? { get }
    func close()
}

/// A cache as a service sees it.
final class Cache: Sendable {
    private let backend: any CacheBackend
    private let time: ServiceTime
    private let lifetimeNs: Int64
    private let hits: Counter
    private let misses: Counter

    /// - Parameter seconds: how old an answer may be.
    init(_ context: ServiceContext, seconds: Double) {
        let backend: any CacheBackend =
            if let redis = context.options.redis { RedisCache(context, redis) } else { MemoryCache() }
        self.backend = backend
        time = context.time
        lifetimeNs = Int64(seconds * 1e9)
        let requests = context.registry.counters(
            "marketplace_cache_requests_total", "Questions to the cache, by outcome.", labels: ["outcome"])
        (hits, misses) = (requests.with("hit"), requests.with("miss"))
        guard backend.count != nil else { return }
        context.registry.callback("marketplace_cache_entries", "Answers that the cache holds.") {
            Double(backend.count ?? 0)
        }
    }

    /// Whether a connection's thread may ask it.
    var isPrompt: Bool { backend.isPrompt }

    func close() { backend.close() }

    func value(_ key: String) -> [UInt8]? {
        let found = backend.value(key, nowNs: time.monotonicNs)
        (found == nil ? misses : hits).add()
        return found
    }

    func set(_ key: String, _ value: [UInt8]) {
        let nowNs = time.monotonicNs
        backend.set(key, value, lifetimeNs: lifetimeNs, nowNs: nowNs)
    }

    func remove(_ key: String) { backend.remove(key) }
}

/// A cache in this process: at most so many answers and bytes; what was not asked for lately goes.
final class MemoryCache: CacheBackend {
    private struct State {
        /// Asked for since the last change of generations.
        var recent: [String: Entry] = [:]
        var older: [String: Entry] = [:]
        var recentBytes = 0
    }

    private struct Entry {
        let value: [UInt8]
        let untilNs: Int64
    }

    static let entriesMax = 8_192
    static let bytesMax = 8 << 20

    private let state = Lock(State())

    func value(_ key: String, nowNs: Int64) -> [UInt8]? {
        state.withLock { state in
            if let entry = state.recent[key] { return entry.untilNs > nowNs ? entry.value : nil }
            guard let entry = state.older.removeValue(forKey: key), entry.untilNs > nowNs else { return nil }
            Self.keep(key, entry, &state)
            return entry.value
        }
    }

    func set(_ key: String, _ value: [UInt8], lifetimeNs: Int64, nowNs: Int64) {
        state.withLock { Self.keep(key, Entry(value: value, untilNs: nowNs + lifetimeNs), &$0) }
    }

    func remove(_ key: String) {
        state.withLock { state in
            if let entry = state.recent.removeValue(forKey: key) { state.recentBytes -= entry.value.count }
            state.older[key] = nil
        }
    }

    var isPrompt: Bool { true }

    func close() {}

    var count: Int? { state.withLock { $0.recent.count + $0.older.count } }

    /// When the recent half is full it becomes the older one, and what was the older one is forgotten.
    private static func keep(_ key: String, _ entry: Entry, _ state: inout State) {
        if let replaced = state.recent.updateValue(entry, forKey: key) { state.recentBytes -= replaced.value.count }
        state.recentBytes += entry.value.count
        guard state.recent.count > entriesMax / 2 || state.recentBytes > bytesMax / 2 else { return }
        (state.older, state.recent, state.recentBytes) = (state.recent, [:], 0)
    }
}
